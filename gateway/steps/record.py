"""Step 11: the outcome record, durable before the terminal bytes. No path skips it."""

from __future__ import annotations

import contextlib
import time

from audit.errors import AuditError, RecordInvalid
from gateway.delivery import finished_answer
from gateway.errors import Denied, LexgateError
from gateway.flow import Flow
from gateway.recording.groups import outcome
from gateway.recording.log_connection import unwritten
from gateway.recording.reported import fit
from gateway.services import Services


async def record(flow: Flow, services: Services) -> None:
    """Says how the flow ended and writes it down. Raises Unavailable when the log cannot say that it is durable."""
    flow.timing.ended = time.perf_counter()
    if flow.report is None and flow.answer is not None:
        flow.report = (
            await finished_answer(flow.answer, services)
        ).report  # cut short: the tokens and bytes so far are the truth
    if flow.report is not None:
        fit(flow.report)
    if flow.status == "open":
        flow.status = _status(flow)
    if flow.answer_digests is not None:
        flow.digests |= flow.answer_digests.as_dict()
    now = time.time_ns() // 1000
    if flow.reserved:
        flow.reserved = False
        with contextlib.suppress(AuditError):  # a lost log frees its reservations itself
            await flow.log.release(flow.id)
    try:
        try:
            await flow.log.append(outcome(flow, now))
        except RecordInvalid:
            # Whatever could not be recorded of it, no flow stays without an outcome: the bare one always fits.
            flow.report, flow.status = None, "failed"
            flow.error = flow.error or LexgateError("the outcome could not be recorded as it was")
            await flow.log.append(outcome(flow, now))
    except AuditError as error:
        raise unwritten() from error


def _status(flow: Flow) -> str:
    if isinstance(flow.error, Denied):
        return "denied"
    if flow.error is not None or flow.report is None or not flow.report.complete:
        return "failed"
    if flow.upstream is not None and flow.upstream.status >= 400:
        return "failed"
    return "completed"
