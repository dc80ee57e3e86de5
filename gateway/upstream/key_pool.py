"""A provider's keys: used in turn, and a key that was refused or is over its limit rests.

Keys stand behind references and are read when the pool is made: a rotated one takes effect with a reload, which makes
new pools.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.secrets import resolve
from gateway.settings import Provider


@dataclass(slots=True)
class Key:
    """One key. `value` is the secret itself, "" for a provider without one; it has no repr."""

    value: str = field(repr=False)
    rests_until: float = 0.0
    used: int = 0  # the turn at which it was last used


class KeyPool:
    """The keys of one provider. Seconds are on the clock of whoever asks."""

    def __init__(self, values: Sequence[str]) -> None:
        self._keys = [Key(value) for value in dict.fromkeys(values)] or [Key("")]
        self._turn = 0

    @classmethod
    def of(cls, provider: Provider) -> KeyPool:
        """Raises ConfigurationError when there is nothing behind a reference."""
        references = [reference for reference in (provider.secret, *provider.secrets) if reference]
        return cls([resolve(reference) for reference in references])

    def __len__(self) -> int:
        return len(self._keys)

    def take(self, now: float) -> Key:
        """The awake key that was used longest ago; when all rest, the one that wakes first.

        A provider says better than we do whether a key works again: a lone key that rests is tried all the same.
        """
        keys = self._keys
        key = keys[0]
        if len(keys) > 1:
            self._turn += 1
            awake = [each for each in keys if each.rests_until <= now]
            key = min(awake, key=_used) if awake else min(keys, key=_wakes)
            key.used = self._turn
        return key

    def awake(self, now: float) -> int:
        """How many keys do not rest."""
        return sum(key.rests_until <= now for key in self._keys)

    def wait(self, now: float) -> float:
        """Seconds until a key is awake."""
        return max(0.0, min(key.rests_until for key in self._keys) - now)


def _used(key: Key) -> int:
    return key.used


def _wakes(key: Key) -> float:
    return key.rests_until


class KeyPools:
    """The pools of one configuration, made on first use."""

    def __init__(self) -> None:
        self._pools: dict[str, KeyPool] = {}

    def of(self, provider: Provider) -> KeyPool:
        """Raises ConfigurationError when there is nothing behind a reference."""
        pool = self._pools.get(provider.name)
        if pool is None:
            pool = self._pools[provider.name] = KeyPool.of(provider)
        return pool


def awake_first(providers: Sequence[Provider], pools: KeyPools, now: float) -> list[Provider]:
    """Providers in their order, those whose keys all rest behind the others."""
    return sorted(providers, key=lambda provider: not pools.of(provider).awake(now))
