"""All checks in their order."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from gateway.doctor import host, parts, reach, state
from gateway.doctor.content_key import content_key
from gateway.doctor.finding import Check, Finding, Level
from gateway.doctor.issuers import issuers
from gateway.settings import Settings


def checks(*, full: bool = False, ask_providers: bool = False) -> Sequence[Check]:
    """What is looked at. `full` reads large stores whole; `ask_providers` opens connections to them."""
    found: list[Check] = [
        host.sqlite, host.clock, host.file_limits, host.processors, host.disk, host.tls,
        state.keys, functools.partial(state.store, full=full), state.running, content_key,
        parts.bundle, parts.inspectors, parts.providers, issuers, parts.callers,
    ]  # fmt: skip
    return [*found, reach.reach] if ask_providers else found


def examine(settings: Settings, wanted: Sequence[Check]) -> Iterator[Finding]:
    """Every finding, as it is made. A check that fails itself says so and hinders no other."""
    for check in wanted:
        try:
            yield from check(settings)
        except Exception as error:
            name = getattr(check, "__name__", "store")
            words = f"This could not be looked at ({type(error).__name__})."
            yield Finding(
                name, Level.UNKNOWN, words, "Run it as the gateway's user, and report it if that does not help."
            )
