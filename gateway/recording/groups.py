"""The groups of a flow's leaves: what a record says, in the words of docs/record.md. No content, only what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from audit.canonical import Prepared, Rendered, RenderedGroups, Template, dump
from audit.projection import row_of
from audit.record import LeafDraft, LeafKind
from gateway.deciding.decided_calls import Written
from gateway.flow import Flow
from gateway.ingress.known_requests import SaidOf

ASKED = frozenset({"received", "forwarded"})
"""Digests that the intent has said; those of the answer and of each of its outputs are known only after it."""

BOTH_WAYS = len(ASKED) + 2
"""Digests of a call: of what was asked, and of what was answered as it came and as it went on."""
_REPORTED = b'{"cache_write":%d,"cached_input":%d,"input":%d,"output":%d,"reasoning":%d}'
_METER = b'{"first_byte_ms":%b,"latency_ms":%b,"reported":%b}'
"""Canonical, as `_ended_groups` says the same in objects."""

HOLES = ("parents", "span_id", "trace_id")
"""Members of an intent's `pub` that no two calls have in common, in sorted order."""


def intent(flow: Flow, time_us: int) -> LeafDraft:
    """The leaf of one attempt, written before its first byte leaves."""
    who = flow.who
    subjects, digests = _asked(flow)
    facts, pub = flow.facts, _intended(flow)
    groups: Mapping[str, Any] | RenderedGroups
    if type(pub) is Rendered and type(facts) is Prepared and type(subjects) is Rendered and type(digests) is Rendered:
        rows = [
            ("digest", digests.data, False),
            ("facts", facts.data, False),
            ("pub", pub.data, True),
            ("subj", subjects.data, False),
        ]
        groups = tuple.__new__(RenderedGroups, (rows, pub.row, pub.row_json))  # a call of Python less than by its name
    else:
        groups = {"pub": pub, "facts": facts, "subj": subjects, "digest": digests}
    return LeafDraft(
        kind=LeafKind.INTENT,
        flow=flow.id,
        time_us=time_us,
        tenant=who.tenant,
        user=who.user,
        attempt=flow.attempt,
        plain_json=True,
        groups=groups,
    )


def outcome(flow: Flow, time_us: int) -> LeafDraft:
    """The one leaf that says how a flow ended: also denied, failed and aborted ones."""
    who, pub = flow.who, _ended(flow)
    return LeafDraft(
        kind=LeafKind.OUTCOME,
        flow=flow.id,
        time_us=time_us,
        tenant=who.tenant,
        user=who.user,
        attempt=flow.attempt,
        plain_json=True,
        groups=_written_end(flow, pub) if isinstance(pub, Rendered) else _ended_groups(flow, pub),
    )


def _ended_groups(flow: Flow, pub: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an outcome says, in objects."""
    report, timing = flow.report, flow.timing
    digests = _answered(flow)
    if flow.outputs is not None and flow.outputs.made:
        digests["outputs"] = flow.outputs.known_by()
    return {
        "pub": pub,
        "meter": {
            "reported": report.usage.as_dict() if report and report.usage else None,
            "latency_ms": _milliseconds(timing.started, timing.ended),
            "first_byte_ms": _milliseconds(timing.started, timing.first_byte),
        },
        "digest": digests,
        # What the intent has said of persons and of the request is not said again.
        **({} if flow.intents else {"facts": flow.facts, "subj": _subjects(flow)}),
    }


def _answered(flow: Flow) -> dict[str, Any]:
    return {name: value for name, value in flow.digests.items() if not flow.intents or name not in ASKED}


def _written_end(flow: Flow, pub: Rendered) -> RenderedGroups:
    """The same as bytes, of a call with an intent that ended as calls of its kind do."""
    report, timing, digests = flow.report, flow.timing, flow.digests
    if len(digests) == BOTH_WAYS and "delivered" in digests and "response" in digests:
        digest = b'{"delivered":"%b","response":"%b"}' % (digests["delivered"].encode(), digests["response"].encode())
    else:
        digest = dump(_answered(flow))
    usage = report.usage if report is not None else None
    reported = b"null"
    if usage is not None:
        reported = _REPORTED % (usage.cache_write, usage.cached_input, usage.input, usage.output, usage.reasoning)
    first_byte, latency = _milliseconds(timing.started, timing.first_byte), _milliseconds(timing.started, timing.ended)
    meter = _METER % (
        b"null" if first_byte is None else b"%d" % first_byte,
        b"null" if latency is None else b"%d" % latency,
        reported,
    )
    rows = [("digest", digest, False), ("meter", meter, True), ("pub", pub.data, True)]
    return tuple.__new__(RenderedGroups, (rows, pub.row, pub.row_json))


def _ended(flow: Flow) -> Mapping[str, Any] | Rendered:
    """What an outcome says in the open. Where the intent has said the rest, calls of a kind mostly end in few ways."""
    report, upstream, decided = flow.report, flow.upstream, flow.decided
    if flow.error is not None or not flow.intents or not _told(flow):
        return {**({} if flow.intents and _told(flow) else _decided(flow)), **_end(flow)}
    if decided is None or report is None or upstream is None or flow.outputs is not None or flow.film:
        return _end(flow)
    way = (flow.status, flow.labels, report.finish, report.stopped, upstream.status, report.response_model)
    written = decided.ended.get(way)
    if written is None:
        said = _end(flow)
        row = row_of(LeafKind.OUTCOME, flow.who.tenant, flow.who.user, {"pub": said})
        written = Rendered(dump(said), row, orjson.dumps(row))
        decided.keep_ended(way, written)
    return written


def _end(flow: Flow) -> dict[str, Any]:
    report = flow.report
    return {
        "status": flow.status,
        "error": flow.error.code if flow.error else None,
        "rule": getattr(flow.error, "rule", None) or None,
        "labels": list(flow.labels),
        **({} if flow.outputs is None else flow.outputs.said()),
        **({"film": flow.film} if flow.film else {}),
        "finish": report.finish if report else None,
        "stopped": report.stopped if report else None,
        "http_status": flow.upstream.status if flow.upstream else None,
        "response_model": report.response_model if report else None,
    }


def _told(flow: Flow) -> bool:
    """Whether the last intent has said what is decided: then the outcome adds to it, and does not say it again."""
    told = flow.told
    return told is not None and told[0] is flow.decision and told[1] is flow.provider and told[2] is flow.redacted


def _intended(flow: Flow) -> Mapping[str, Any] | Rendered:
    """What an intent says in the open: for a kind of call that came before, only what differs is written anew."""
    decided, decision, redacted = flow.decided, flow.decision, flow.redacted
    if decided is None or decision is None or decided.decision is not decision:
        return {**_decided(flow), "attempt": flow.attempt}
    redactions = tuple(redacted.redactions.items()) if redacted is not None else ()
    form = (flow.routed, redactions, flow.unread, flow.parents_by)
    written = decided.written.get(form)
    if written is None:
        written = _written(flow)
        decided.keep_written(form, written)
    flow.told = (decision, flow.provider, redacted)
    parents, trace = flow.parents, flow.trace
    data = written.template.fill(
        dump(parents) if parents else b"[]", b'"%b"' % trace.span_id.encode(), b'"%b"' % trace.trace_id.encode()
    )
    if parents:
        return Rendered(data, (*written.row[:-1], sorted(set(parents))))
    return tuple.__new__(Rendered, (data, written.row, written.row_json))  # a call of Python less than by its name


def _written(flow: Flow) -> Written:
    said = {**_decided(flow), "attempt": flow.attempt}
    row = row_of(
        LeafKind.INTENT, flow.who.tenant, flow.who.user, {"pub": said | {"parents": []}, "subj": _subjects(flow)}
    )
    fixed = {name: value for name, value in said.items() if name not in HOLES}
    if row is None:
        raise RuntimeError("an intent has a row")
    return Written(Template(fixed, HOLES), row, orjson.dumps(row))


def _asked(flow: Flow) -> tuple[Mapping[str, Any] | Rendered, Mapping[str, Any] | Rendered]:
    """What an intent says of persons, and of the bytes received and forwarded; of a known body it is written once."""
    known, digests = flow.known, flow.digests
    forwarded = digests["forwarded"]
    if known is not None:
        said = known.said_of
        if said is not None and said[0] is flow.who and said[1] == flow.session and said[2] == forwarded:
            return said[3], said[4]
    subjects, bytes_ = _subjects(flow), {"received": digests["received"], "forwarded": forwarded}
    if known is not None:
        known.said_of = SaidOf(flow.who, flow.session, forwarded, Rendered(dump(subjects)), Rendered(dump(bytes_)))
    return subjects, bytes_


def _decided(flow: Flow) -> dict[str, Any]:
    flow.told = (flow.decision, flow.provider, flow.redacted)
    decided, decision = flow.decided, flow.decision
    shared = decided.told if decided is not None and decided.decision is decision else None
    if shared is None:
        shared = _shared(flow)
        if decided is not None and decided.decision is decision:
            decided.told = shared
    action = None if decision is None else "route" if flow.routed and decision.action != "block" else decision.action
    return {
        **shared,
        "decision": action,
        **({"unread": list(flow.unread)} if flow.unread else {}),
        "redactions": dict(flow.redacted.redactions) if flow.redacted else {},
        "parents": list(flow.parents),
        **({"parents_by": list(flow.parents_by)} if flow.parents_by else {}),
        "trace_id": flow.trace.trace_id,
        "span_id": flow.trace.span_id,
    }


def _shared(flow: Flow) -> dict[str, Any]:
    """What is said of each call that is decided alike."""
    who, request, decision, content = flow.who, flow.request, flow.decision, flow.classification
    return {
        "grade": content.grade if content else None,
        "categories": list(content.categories) if content else [],
        "rules": [{"id": rule.id, "citation": rule.citation} for rule in decision.rules] if decision else [],
        "bundle": decision.bundle if decision else None,
        "provider": flow.provider.name if flow.provider else None,
        "model": request.model if request else None,
        "protocol": flow.endpoint.protocol,
        "stream": request.stream if request else None,
        "from": who.country,
        "to": flow.provider.jurisdiction if flow.provider else None,
        "mechanism": decision.mechanism if decision else None,
        "entities": dict(content.entities) if content else {},
        "uninspected": list(content.uninspected) if content else [],
        "audience": who.audience,
        "purpose": who.purpose,
    }


def _subjects(flow: Flow) -> dict[str, Any]:
    who = flow.who
    return {
        "tenant": who.tenant,
        "application": who.application,
        "user": who.user,
        "session": flow.session,
        "party": who.key_id,
        "subjects": _subject_keys(flow),
    }


def _subject_keys(flow: Flow) -> list[str]:
    known = flow.known
    if known is not None and known.subjects is not None:
        return known.subjects
    subjects = sorted({finding.subject for finding in flow.findings if finding.subject})
    if known is not None:
        known.subjects = subjects
    return subjects


def _milliseconds(start: float, end: float) -> int | None:
    return None if not end else max(0, round((end - start) * 1000))
