"""The answer's bytes: from the provider through the transformer to the caller, as they come.

A stream's events leave as soon as they are inspected; its terminal bytes, and a whole answer, wait for the outcome record.
Large pieces are worked on beside the event loop.
"""

from __future__ import annotations

import time
from typing import Any

from gateway.continuing import keep_answer
from gateway.errors import UpstreamFailed
from gateway.flow import CLASS, Flow, Span
from gateway.heavy_work import ANSWER_WEIGHT, LARGE
from gateway.inspection.texts import inspect_texts
from gateway.marking.outputs import Outputs
from gateway.protocols.plain_answer import PROTOCOL, plain_report
from gateway.recording.answer_digests import Digests
from gateway.redaction.inspected_stream import InspectedStream
from gateway.redaction.names_guard import NamesGuard
from gateway.redaction.stream import AnswerStream, Finished
from gateway.relaying import Relay, pieces
from gateway.services import Services
from gateway.upstream.headers import answer_headers

JOBS = frozenset({"openai_videos", "openai_video_status", "openai_video_deletion"})
"""Protocols in which something is said of a job."""

BATCH = 32
"""Pieces of an answer inspected at once; each batch has the deadline of an inspection."""


async def deliver(flow: Flow, services: Services) -> None:
    """Runs the whole answer through. Afterwards `flow.report` is known and `flow.terminal` waits to be sent."""
    upstream = flow.upstream
    if upstream is None:
        raise RuntimeError("delivery comes after guard and label")
    if (body := upstream.whole()) is not None and _plain(flow, body, services):
        upstream.close()
        if flow.request is not None and flow.request.stored:
            await keep_answer(flow, services)
        return
    answer = flow.answer = transformer(flow, services)
    names = flow.rules.names if flow.rules is not None else None
    digests = flow.answer_digests = services.new_digests(flow.who.tenant)
    plain = flow.streamed and names is None and flow.outputs is None
    size, chunk = 0, b""
    async for chunk in pieces(upstream, Relay(flow, answer, digests)) if plain else upstream.chunks():
        if not flow.timing.first_byte:
            flow.timing.first_byte = time.perf_counter()
        size += len(chunk)
        if not flow.streamed and size > services.settings.limits.answer_bytes:
            raise UpstreamFailed("the provider's answer is larger than allowed")
        digests.received(chunk)
        weight = (len(chunk) + answer.held) * ANSWER_WEIGHT if flow.streamed else 0  # a whole answer is only kept
        out = answer.feed(chunk) if weight < LARGE else await services.heavy.run(weight, answer.feed, chunk)
        if names is not None:
            out += await _inspected(answer, names, flow, services)
        if out:
            await _send(flow, digests, out if flow.outputs is None else await flow.outputs.passed(out))
        if answer.stopped:
            break  # the guard has ended this answer: nothing more is read
    upstream.close()
    if isinstance(answer, InspectedStream) and names is not None:
        await services.heavy.run(answer.held * ANSWER_WEIGHT, answer.end)
        if out := await _inspected(answer, names, flow, services):
            await _send(flow, digests, out if flow.outputs is None else await flow.outputs.passed(out))
    finished = await finished_answer(answer, services)
    flow.report = finished.report
    flow.terminal = finished.body if flow.outputs is None else await _marked(flow, flow.outputs, finished)
    if flow.request is not None and flow.request.stored:
        await keep_answer(flow, services)
    if flow.endpoint.protocol in JOBS:
        flow.terminal = await services.films.told(flow, services, flow.terminal)
    if finished.error is not None and not flow.caller.started:
        raise finished.error  # nothing was said yet: the caller gets its status
    digests.delivered(flow.terminal)


def _plain(flow: Flow, body: bytes, services: Services) -> bool:
    """Takes a whole answer that is here, if nothing has to be looked for in it piece by piece: it goes on as it came."""
    request, rules = flow.request, flow.rules
    if request is None or rules is None or request.protocol != PROTOCOL or flow.streamed:
        return False
    if flow.outputs is not None or flow.explicit_label is not None or len(body) > services.settings.limits.answer_bytes:
        return False
    report = plain_report(body, rules, json_mode=request.json_mode)
    if report is None:
        return False
    flow.timing.first_byte = time.perf_counter()
    digest = services.digest(flow.who.tenant, body)
    flow.digests["response"] = flow.digests["delivered"] = digest
    flow.report, flow.terminal = report, body
    return True


async def _marked(flow: Flow, outputs: Outputs, finished: Finished) -> bytes:
    """The end of an answer with its outputs marked, also beside a provider's error or in an answer that is cut off.

    Raises LexgateError for what cannot be marked.
    """
    request, upstream = flow.request, flow.upstream
    if request is None or upstream is None:
        raise RuntimeError("delivery comes after guard and label")
    if flow.streamed:
        return await outputs.passed(finished.body)
    if finished.error is not None:
        return finished.body  # our own words
    if flow.kept is not None and flow.kept.status < 400:
        outputs.sidecars += flow.kept.sidecars
        flow.labels = tuple(dict.fromkeys((*flow.labels, *flow.kept.carries)))
        flow.film = {"state": "ready", "flow": flow.kept.flow}
        return finished.body  # marked before
    if finished.report.complete and request.plain_answer:
        return finished.body  # no JSON, and text alone
    if finished.report.complete and request.binary_answer:
        return await outputs.file(finished.body, upstream.headers.get("content-type", ""))
    return await outputs.whole(finished.body)


async def finished_answer(answer: AnswerStream, services: Services) -> Finished:
    """The end of an answer, however it came about."""
    weight = answer.held * ANSWER_WEIGHT
    return answer.finish() if weight < LARGE else await services.heavy.run(weight, answer.finish)


async def _send(flow: Flow, digests: Digests, out: bytes) -> None:
    if not flow.caller.started:
        await start_stream(flow)
    digests.delivered(out)
    await flow.caller.send(out)


async def _inspected(answer: AnswerStream, names: NamesGuard, flow: Flow, services: Services) -> bytes:
    """Has the inspectors read what the answer holds; what may go on then. Raises Unavailable when they do not."""
    wanted = names.wanted()
    for first in range(0, len(wanted), BATCH):
        texts: dict[str, tuple[Span, ...]] = dict.fromkeys(wanted[first : first + BATCH], ())
        await inspect_texts(texts, flow.who.tenant, services)
        for text, spans in texts.items():
            names.learn(text, tuple(span for span in spans if span.label != CLASS))
    weight = sum(map(len, wanted)) * ANSWER_WEIGHT
    return await services.heavy.run(weight, answer.idle)


def transformer(flow: Flow, services: Services) -> AnswerStream:
    """What guards, restores and labels this answer."""
    request, rules = flow.request, flow.rules
    if request is None or rules is None:
        raise RuntimeError("delivery comes after guard and label")
    kind: Any = AnswerStream if rules.names is None else InspectedStream
    transformer: AnswerStream = kind(
        request.family,
        streaming=flow.streamed,
        placeholders=rules.placeholders,
        guard=rules.guard,
        allowed=rules.allowed,
        label=flow.explicit_label,
        hide_usage=not request.wants_usage,
        outbound=services.outbound_tools.get(flow.who.application, frozenset()),
        json_mode=request.json_mode,
        flow=flow.id,
        framing=request.framing,
        shifted=flow.redacted is not None and bool(flow.redacted.redactions),
        protocol=request.protocol,
        plain=request.plain_answer,
        names=rules.names,
    )
    return transformer


async def start_stream(flow: Flow) -> None:
    """Head of a streamed answer."""
    if flow.upstream is None:
        raise RuntimeError("a stream starts after forward")
    headers = answer_headers(flow.upstream.headers, shared=flow.several_tenants)
    await flow.caller.start(flow.upstream.status, [*headers, (b"cache-control", b"no-store"), *flow_headers(flow)])


async def finish(flow: Flow) -> None:
    """The terminal bytes, after the outcome record is durable."""
    if flow.caller.started:
        await flow.caller.send(flow.terminal, more=False)
        return
    caller, upstream, body = flow.caller, flow.upstream, flow.terminal
    status = upstream.status if upstream else 200
    headers = answer_headers(upstream.headers, shared=flow.several_tenants) if upstream else []
    headers += flow_headers(flow)
    if flow.outputs is not None:
        headers += flow.outputs.headers()
    if not caller.answer_whole(status, headers, body):
        await caller.start(status, [*headers, (b"content-length", b"%d" % len(body))])
        await caller.send(body, more=False)


def flow_headers(flow: Flow) -> list[tuple[bytes, bytes]]:
    """`Lexgate-Flow`, and as far as they are known `Lexgate-Decision` and `Lexgate-Grade`."""
    headers = [(b"lexgate-flow", flow.id.encode())]
    if flow.decision is not None:
        refused = flow.error is not None and flow.error.code == "lexgate_denied"
        action = flow.decision.action if refused or not flow.routed else "route"
        headers.append((b"lexgate-decision", action.encode()))
    if flow.classification is not None:
        headers.append((b"lexgate-grade", flow.classification.grade.encode()))
    return headers
