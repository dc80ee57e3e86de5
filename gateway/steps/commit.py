"""Step 7: the intent record of this attempt, durable before its first byte leaves. No record, no egress."""

from __future__ import annotations

import time

from audit.errors import AuditError, RecordInvalid
from gateway.deciding.counters import uses
from gateway.errors import Unavailable
from gateway.flow import Flow
from gateway.inspection.classifier import classify
from gateway.recording.groups import intent
from gateway.recording.log_connection import unwritten
from gateway.services import Services


async def commit(flow: Flow, services: Services) -> None:
    """Appends the intent and keeps, in the same transaction, the counters of the subjects left after redaction.

    Raises Unavailable when the log cannot say that it is durable: then nothing leaves. A film that is marked already is
    `flow.kept` instead.
    """
    request, redacted, provider = flow.request, flow.redacted, flow.provider
    if redacted is None or provider is None:
        raise RuntimeError("this step runs after redact")
    if request is not None and request.binary_answer == "video":
        await services.films.recall(flow, services)
        if flow.kept is not None:
            return  # nothing leaves for it: what the caller gets is here, by a call that had an intent of its own
    keep = None
    if flow.reserved:
        left = classify(redacted.remaining, ()).subjects
        exported = uses(left, flow.who.country, provider.jurisdiction, provider.name, flow.time_us)
        keep = {use.counter: use.subjects for use in exported.values()}
    draft = intent(flow, time.time_ns() // 1000)
    reservation = flow.id if flow.reserved else ""
    try:
        flow.receipt = await flow.log.append(draft, reservation=reservation, keep=keep)
    except RecordInvalid as error:  # nothing was sent to the log either
        raise Unavailable("this call cannot be recorded, so nothing was sent") from error
    except AuditError as error:
        raise unwritten() from error
    flow.reserved = False
    flow.intents += 1
