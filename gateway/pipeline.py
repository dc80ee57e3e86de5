"""The journey of one call: the ordered list of steps and little else. Start reading here.

  1 authenticate   2 decode   3 inspect   4 classify                      what is it, and whose
  5 decide   6 redact   7 commit   8 forward      once per attempt (gateway/attempts.py): no record, no egress
  9 guard   10 label   (bytes: gateway/delivery.py)                       the answer, as it arrives
 11 record                                                                always, before the terminal bytes
 12 settle                                                                after the last byte

Steps 1-4 are one for a call like those before it (gateway/known_call.py). Whatever happens in 2-10, step 11 runs: on
denial, error, timeout and disconnect too. Strangers and callers over their limit (step 1) are counted per source and
minute instead, see gateway/admission/strangers.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from gateway.attempts import Attempts, is_answer
from gateway.delivery import deliver, finish, flow_headers
from gateway.errors import Denied, LexgateError, Unauthenticated, Unavailable, UpstreamFailed, UpstreamTimeout
from gateway.flow import Flow
from gateway.ingress.caller import LEFT, CallerLeft
from gateway.known_call import known_call
from gateway.protocols.family import FAMILIES, form_of
from gateway.services import Services
from gateway.steps.authenticate import authenticate
from gateway.steps.classify import classify
from gateway.steps.commit import commit
from gateway.steps.decide import decide
from gateway.steps.decode import decode
from gateway.steps.forward import forward
from gateway.steps.guard import guard
from gateway.steps.inspect import inspect
from gateway.steps.label import label
from gateway.steps.record import record
from gateway.steps.redact import redact
from gateway.steps.settle import settle

Step = Callable[[Flow, Services], Awaitable[None]]

REQUEST: tuple[Step, ...] = (authenticate, decode, inspect, classify)
ATTEMPT: tuple[Step, ...] = (decide, redact, commit, forward)
ANSWER: tuple[Step, ...] = (guard, label)

log = structlog.get_logger("lexgate.pipeline")


async def run(flow: Flow, services: Services) -> None:
    """One call from its first byte to its last. Never raises what the caller could have caused."""
    try:
        if not known_call(flow, services):
            await _steps(REQUEST, flow, services)
        await _attempts(flow, services)
        await _steps(ANSWER, flow, services)
        await deliver(flow, services)
    except LexgateError as error:
        flow.error = error
    except CallerLeft:
        flow.status = "aborted"
    except asyncio.CancelledError as cancelled:
        _cancelled(flow, cancelled)
    except Exception as error:
        log.error("a step failed unexpectedly", flow=flow.id, error=type(error).__name__, frames=_frames(error))
        flow.error = LexgateError("the gateway failed; the call was refused")
    finally:
        flow.caller.stop_watching()
    await _end(flow, services)


async def _steps(steps: tuple[Step, ...], flow: Flow, services: Services) -> None:
    traced = flow.trace.span is not None
    for step in steps:
        if traced:
            flow.trace.step(step.__name__)
        await step(flow, services)


async def _attempts(flow: Flow, services: Services) -> None:
    """Until an answer is the caller's. Another attempt is a new decision and a new record: see gateway/attempts.py."""
    if flow.caller.task is not None:
        flow.caller.cancel_when_gone(flow.caller.task)
    attempts: Attempts | None = None
    traced = flow.trace.span is not None
    try:
        while attempts is None or not attempts.over:
            try:
                for step in ATTEMPT:  # as `_steps` does: here a call waits, and wakes all that it waits in
                    if traced:
                        flow.trace.step(step.__name__)
                    await step(flow, services)
            except (Denied, UpstreamFailed, UpstreamTimeout) as error:
                attempts = attempts or Attempts(flow, services)
                await attempts.failed(error)
            else:
                if attempts is None and is_answer(flow):
                    return  # as it nearly always is
                attempts = attempts or Attempts(flow, services)
                await attempts.answered()
    finally:
        if attempts is not None:
            attempts.close()


async def _end(flow: Flow, services: Services) -> None:
    """Outcome record, terminal bytes, settlement."""
    try:
        if flow.principal is not None:
            if flow.log.is_lost:
                raise Unavailable("the log is gone, so this call ends here", retry_after=1)
            if flow.trace.span is not None:
                flow.trace.step(record.__name__)
            await record(flow, services)
    except LexgateError as error:
        flow.error = error
        if flow.status != "aborted":  # it ends as the log closes it, or as nobody's record: in no case as it would have
            flow.status = "interrupted" if flow.intents else "failed"
    except asyncio.CancelledError as cancelled:
        _cancelled(flow, cancelled)
    finally:
        if flow.upstream is not None:
            flow.upstream.close()
        if flow.limits:
            services.limits.leave(flow.limits)
    if flow.status != "aborted":
        await (finish(flow) if flow.error is None else _say(flow, services))
    if flow.intents:
        try:
            if flow.trace.span is not None:
                flow.trace.step(settle.__name__)
            await settle(flow, services)
        except (
            Exception
        ) as error:  # the answer is delivered and its outcome recorded: this leaves it unsettled, and is loud
            log.error("a flow could not be settled", flow=flow.id, error=type(error).__name__, frames=_frames(error))
    if flow.trace.span is not None:
        services.tracing.end(flow)
    services.call_metrics.ended(flow)


async def _say(flow: Flow, services: Services) -> None:
    """The error in the family's own form: as an answer, or as the last event of a stream that has begun."""
    error = flow.error
    if error is None:
        return
    if flow.caller.started:
        form = form_of(flow.endpoint.family, flow.endpoint.protocol, flow.endpoint.framing)
        event = form.error_event(error, flow.id) if flow.answer is None else flow.answer.error_event(error)
        await flow.caller.send(event, more=False)
        return
    body = FAMILIES[flow.endpoint.family].error_body(error, flow.id)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        *flow_headers(flow),
    ]
    if error.retry_after is not None:
        headers.append((b"retry-after", b"%d" % error.retry_after))
    if isinstance(error, Unauthenticated):
        headers.append((b"www-authenticate", b"Bearer"))  # RFC 9110 §15.5.2
    await flow.caller.start(error.status, headers)
    await flow.caller.send(body, more=False)


def _cancelled(flow: Flow, cancelled: asyncio.CancelledError) -> None:
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
    if cancelled.args[:1] == (LEFT,):
        flow.status = "aborted"
    else:
        flow.error = Unavailable("the gateway is going down; the call was ended", retry_after=1)


def _frames(error: BaseException) -> list[str]:
    """Where an unexpected error came from: files and lines, never its message, which might quote content."""
    import traceback

    return [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:]]
