"""Step 9: the answer is inspected as it arrives, and what was redacted is restored. Sets the rules for it.

The bytes themselves run through them in `gateway/delivery.py`, chunk by chunk, for streams and whole answers alike.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from gateway.errors import Unavailable, UpstreamFailed
from gateway.flow import Flow
from gateway.ingress.known_requests import HeldTo
from gateway.inspection.subjects import canonical
from gateway.protocols.request import DecodedRequest
from gateway.redaction.carried import CarriedText
from gateway.redaction.channel import Rules
from gateway.redaction.names_guard import NamesGuard
from gateway.services import Services
from gateway.upstream.port import Busy, UpstreamAnswer
from gateway.upstream.retry_after import BUSY, retry_after
from policies.decision import Decision

NAMES = "names"
"""The guard that stops personal data of any kind; without one, secrets and checksummed identifiers alone are stopped."""

IMPERSONAL = frozenset({"DATE", "LOCATION", "MARKING", "NRP", "ORG", "TITLE", "URL", "USCC"})
"""Labels that name nobody; any other label, a custom recogniser's too, is personal."""

BYTES = "application/octet-stream"
PLAIN, SUBTITLES = "text/plain", frozenset({"text/vtt", "application/x-subrip", "text/srt"})
MEDIA_TYPES = {True: "text/event-stream", False: "application/json"}


async def guard(flow: Flow, services: Services) -> None:
    """Says what may pass and what is restored. Raises UpstreamFailed for an answer of an unexpected kind."""
    request, upstream, redacted, decision = flow.request, flow.upstream, flow.redacted, flow.decision
    if request is None or upstream is None or redacted is None or decision is None:
        raise RuntimeError("this step runs after forward")
    require_known(decision)
    flow.streamed = request.stream and upstream.status < 400
    plain = request.plain_answer and not flow.streamed and upstream.status < 400
    expected = PLAIN if plain else MEDIA_TYPES[flow.streamed and request.framing == "sse"]
    media_type = upstream.headers.get("content-type", "")
    if media_type != expected:
        media_type = media_type.partition(";")[0].strip().lower()
    if request.binary_answer and upstream.status < 400:
        if media_type.partition("/")[0] != request.binary_answer and media_type != BYTES:
            raise UpstreamFailed(f"the provider's answer is no {request.binary_answer}")
    elif media_type != expected and not (plain and media_type in SUBTITLES):
        raise _not_readable(upstream, expected)
    known = flow.known
    held_to = known.held_to if known is not None else None
    if held_to is not None and held_to.redacted is redacted and held_to.guard is services.guard and not decision.guard:
        flow.rules = held_to.rules
        return
    carried = _carried(flow)
    earlier = flow.earlier.placeholders if flow.earlier is not None else {}
    flow.rules = Rules(
        {**earlier, **redacted.placeholders} if earlier else redacted.placeholders,
        services.guard,
        lambda label, value: canonical(label, value) in carried,
        names=NamesGuard(_sayable(request, carried)) if decision.guard == NAMES else None,
    )
    if known is not None and not decision.guard and not earlier:
        known.held_to = HeldTo(services.guard, redacted, flow.rules)


def _not_readable(upstream: UpstreamAnswer, expected: str) -> UpstreamFailed:
    """For an answer of another kind, e.g. the page of a load balancer; when to come back is passed on all the same."""
    if upstream.status not in BUSY:
        return UpstreamFailed(f"the provider's answer is not {expected}")
    wait = retry_after(upstream.headers, time.time())
    said = f"the provider is busy, and its answer is not {expected}"
    return Busy(said, status=upstream.status, retry_after=None if wait is None else math.ceil(wait))


def require_known(decision: Decision) -> None:
    """Raises Unavailable for a guard this gateway does not have. `policies.decision` lets none pass, before egress."""
    if decision.guard not in {None, NAMES}:
        raise Unavailable("the policy asks for a guard this gateway does not have, so the call is refused")


def _sayable(request: DecodedRequest, carried: frozenset[str]) -> Callable[[str, str], bool]:
    """What an answer under the guard `names` may say: what names nobody, and what the request itself said."""
    texts = CarriedText(part.text for part in request.parts())

    def sayable(label: str, value: str) -> bool:
        return label in IMPERSONAL or canonical(label, value) in carried or texts.holds(value)

    return sayable


def _carried(flow: Flow) -> frozenset[str]:
    """What the request itself carried: an answer may repeat it."""
    known = flow.known
    if known is not None and known.carried is not None:
        return known.carried
    carried = frozenset(
        [finding.canonical or canonical(finding.span.label, finding.value) for finding in flow.findings]
    )
    if known is not None:
        known.carried = carried
    return carried
