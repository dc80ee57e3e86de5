"""A provider's keys: used in turn, and a key that was refused or is over its limit rests.

A limit (429) and a missing permission (403) are a model's, so the key rests for that model only: nobody can put a key to
rest for others by asking for a model that it may not use. A key that is no key (401) rests altogether.

Keys stand behind references and are read when the pool is made: a rotated one takes effect with a reload, which makes
new pools.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from gateway.configuration.secrets import resolve
from gateway.errors import ConfigurationError
from gateway.settings import Provider
from gateway.upstream.port import Unreachable

log = structlog.get_logger("lexgate.upstream")

EVERY_MODEL = ""
MOST_RESTS = 256
"""Models for which one key is known to rest; beyond it the rest that ends first is forgotten."""


@dataclass(slots=True)
class Key:
    """One key. `value` is the secret itself, "" for a provider without one; it has no repr."""

    value: str = field(repr=False)
    used: int = 0  # the turn at which it was last used
    _rests: dict[str, float] = field(default_factory=dict)

    def rest(self, model: str, until: float) -> None:
        """The key is not to be used for this model until then, if another one can be."""
        self._rests[model] = until
        if len(self._rests) > MOST_RESTS:
            del self._rests[min(self._rests, key=self._rests.__getitem__)]

    def wakes(self, model: str) -> float:
        """When it can be used for this model: a moment in the past when it does not rest."""
        if not self._rests:
            return 0.0
        return max(self._rests.get(model, 0.0), self._rests.get(EVERY_MODEL, 0.0))


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

    def take(self, model: str, now: float) -> Key:
        """The awake key that was used longest ago; when all rest, the one that wakes first.

        A provider says better than we do whether a key works again: a lone key that rests is tried all the same.
        """
        keys = self._keys
        if len(keys) == 1:
            return keys[0]
        self._turn += 1
        awake = [each for each in keys if each.wakes(model) <= now]
        key = min(awake, key=lambda each: each.used) if awake else min(keys, key=lambda each: each.wakes(model))
        key.used = self._turn
        return key

    def awake(self, model: str, now: float) -> bool:
        """Whether there is a key that does not rest."""
        return any(key.wakes(model) <= now for key in self._keys)


class KeyPools:
    """The pools of one configuration, made on first use."""

    def __init__(self) -> None:
        self._pools: dict[str, KeyPool] = {}
        self._missing: set[str] = set()

    def of(self, provider: Provider) -> KeyPool:
        """Raises Unreachable when there is nothing behind a reference any more; operators are told which one, callers not."""
        pool = self._pools.get(provider.name)
        if pool is None:
            try:
                pool = self._pools[provider.name] = KeyPool.of(provider)
            except ConfigurationError as error:
                if provider.name not in self._missing:
                    self._missing.add(provider.name)
                    log.error("a provider's keys cannot be read", provider=provider.name, problem=error.message)
                raise Unreachable(f"provider {provider.name} cannot be called: its key is not there") from None
        return pool

    def awake(self, provider: Provider, model: str, now: float) -> bool:
        """Whether a key of the provider can be used for this model now."""
        try:
            return self.of(provider).awake(model, now)
        except Unreachable:
            return False


def awake_first(providers: Sequence[Provider], pools: KeyPools, model: str, now: float) -> list[Provider]:
    """Providers in their order, those whose keys all rest behind the others."""
    return sorted(providers, key=lambda provider: not pools.awake(provider, model, now))
