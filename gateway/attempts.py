"""The attempts of one call: whether, where and when it is tried again. Each attempt is a new decision and a new record.

A call is tried again only while nothing of it was delivered, neither to a provider that may have worked on it nor to the
caller: the provider could not be reached, refused our key, or answered at once that it is busy (429, 503, 529). First
with another key of the same provider, then at the next provider that serves the model, then at the same one after
`Retry-After` or a backoff. When nothing better comes of it, the caller gets the last failure as it was, an answer of a
provider rather than an error of ours.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import Denied, LexgateError, UpstreamFailed
from gateway.upstream.health import Resting
from gateway.upstream.key_pool import EVERY_MODEL
from gateway.upstream.port import Unreachable
from gateway.upstream.retry_after import BUSY, forbids_retry, retry_after

if TYPE_CHECKING:
    from gateway.flow import Flow
    from gateway.services import Services
    from gateway.settings import Provider

KEY_REFUSED = frozenset({401, 403})
"""The provider refused *our* credential: nothing the caller could mend, and nothing they should see."""
KEY_RESTS_S = 60.0
LIMITED_KEY_RESTS_S = 1.0
"""How long a key rests that is over its limit, when the provider does not say."""

_STATE = ("attempt", "provider", "facts", "decision", "decided", "routed", "redacted", "forwarded", "upstream")
"""What the outcome record says of an attempt."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How an attempt ended that may be followed by another one. `error` None: by an answer, which stays open."""

    error: LexgateError | None
    state: dict[str, object]


def is_answer(flow: Flow) -> bool:
    """Whether the first attempt has brought the answer of the call: nothing was tried in vain, and nothing will be again."""
    return flow.upstream is not None and flow.upstream.status not in BUSY and flow.upstream.status not in KEY_REFUSED


class Attempts:
    """Drives the attempts of one flow. Begin one while not `over`; tell how it ended by `failed` or `answered`."""

    def __init__(self, flow: Flow, services: Services) -> None:
        self._flow = flow
        self._services = services
        self._kept: Failure | None = None
        self.over = False

    async def failed(self, error: LexgateError) -> None:
        """A step of the attempt raised `error`. Raises what the caller gets when nothing more can be tried."""
        if isinstance(error, Resting | Denied):  # nothing was sent; a first denial is the policy's answer to the call
            if (self._kept is not None or isinstance(error, Resting)) and self._elsewhere():
                return
        elif isinstance(error, Unreachable):
            self._keep(error)
            if await self._again("unreachable", self._backoff()):
                return
        else:
            raise error  # the provider may have worked on the call
        self._give_up(error)

    async def answered(self) -> None:
        """The head of an answer has come. Raises UpstreamFailed when our key was refused and nothing else is left."""
        answer, key, provider = self._flow.upstream, self._flow.provider_key, self._flow.provider
        request = self._flow.request
        if answer is None or key is None or provider is None or request is None:
            raise RuntimeError("an attempt ends after forward")
        now = self._services.health.clock()
        if answer.status in KEY_REFUSED:
            key.rest(EVERY_MODEL if answer.status == 401 else request.model, now + KEY_RESTS_S)
            answer.close()
            refused = UpstreamFailed(f"provider {provider.name} refused the gateway's credential")
            self._keep(refused)
            if not await self._again("key_refused", None):
                self._give_up(refused)
        elif answer.status in BUSY:
            wait = retry_after(answer.headers, time.time())
            if answer.status == 429:
                key.rest(request.model, now + (LIMITED_KEY_RESTS_S if wait is None else wait))
            self._keep(None)
            again = not forbids_retry(answer.headers)
            if not again or not await self._again(f"status_{answer.status}", self._backoff() if wait is None else wait):
                self._give_up(None)
        else:
            self.over = True

    def close(self) -> None:
        """Lets go of the kept answer of an earlier attempt, unless it is the one that the caller gets."""
        kept = self._kept.state["upstream"] if self._kept is not None else None
        if kept is not None and kept is not self._flow.upstream:
            kept.close()  # type: ignore[attr-defined]  # an UpstreamAnswer

    # --- where and when ---

    async def _again(self, reason: str, wait: float | None) -> bool:
        """Prepares another attempt, if there can be one. `wait`: seconds until this provider may be asked; None: never."""
        flow, services = self._flow, self._services
        provider, retries = flow.provider, services.settings.retries
        if provider is None or flow.intents >= retries.attempts:
            return False
        if not self._other_key(provider, reason) and not self._elsewhere():
            if wait is None or wait > retries.longest_wait_seconds or not services.health.admits(provider):
                return False
            await asyncio.sleep(wait)
        services.metrics.count("lexgate_retries", 1, provider=provider.name, reason=reason)
        flow.upstream = None
        return True

    def _other_key(self, provider: Provider, reason: str) -> bool:
        """Whether the same provider can be asked at once, with another key."""
        services, request = self._services, self._flow.request
        if reason not in {"key_refused", "status_429"} or request is None or not services.health.admits(provider):
            return False
        return services.key_pools.awake(provider, request.model, services.health.clock())

    def _elsewhere(self) -> bool:
        """Whether another provider can be asked; this one then is not asked again for this call."""
        flow, services = self._flow, self._services
        if flow.request is None or flow.provider is None or flow.earlier is not None:  # only its provider has that
            return False
        serving = services.routes.candidates(flow.endpoint.family, flow.request.model)
        tried = flow.providers_tried | {flow.provider.name}
        if any(other.name not in tried and services.health.admits(other) for other in serving):
            flow.providers_tried.add(flow.provider.name)
            return True
        return False

    def _backoff(self) -> float:
        """Seconds, doubling with each attempt; half of them are drawn, so that callers do not come back together."""
        longest = self._services.settings.retries.backoff_seconds * 2.0 ** max(0, self._flow.intents - 1)
        return longest * (0.5 + random.random() / 2)  # noqa: S311  spreads load, hides nothing

    # --- what the caller gets ---

    def _keep(self, error: LexgateError | None) -> None:
        if error is None or self._kept is None or self._kept.error is not None:
            self.close()
            self._kept = Failure(error, {name: getattr(self._flow, name) for name in _STATE})

    def _give_up(self, error: LexgateError | None) -> None:
        """The call ends with the failure that was kept. Raises its error, or `error` when none was kept."""
        self.over = True
        kept = self._kept
        if kept is not None:
            for name, value in kept.state.items():
                setattr(self._flow, name, value)
            error = kept.error
        if error is not None:
            raise error
