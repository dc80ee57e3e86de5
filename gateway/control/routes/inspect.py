"""POST /api/inspect: what the gateway would find in a text."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import FastAPI

from gateway.control.deps import ControlDeps
from gateway.control.governed import governed
from gateway.control.models import InspectAnswer, InspectQuestion
from gateway.control.operators import Permission
from gateway.control.problems import Answer
from gateway.control.threads import Threads
from gateway.errors import Unavailable
from gateway.flow import CLASS, Classification, Finding, PartKind, Span
from gateway.inspection.subjects import subject_key


def add(app: FastAPI, deps: ControlDeps, threads: Threads) -> None:
    """Register the endpoint."""
    key = secrets.token_bytes(32)  # grades count distinct people: within one text any key tells them apart

    def classified(text: str, spans: list[Span]) -> Classification:
        return deps.classify([_finding(key, text, span) for span in spans], ())

    @app.post("/api/inspect", tags=["decisions"], **_described())
    async def inspect(question: InspectQuestion) -> Answer:
        """Inspect and classify one text with the detectors that look at calls. Nothing is kept or recorded."""
        asked = {"texts": [question.text], "lang": question.lang}
        answer = await deps.inspectors.call("inspect", asked, deps.inspect_deadline_s)
        spans = read_spans(answer, len(question.text))
        found = await threads.run(deps.inspect_deadline_s, classified, question.text, spans)
        return Answer(
            {
                "spans": [
                    {"start": span.start, "end": span.end, "label": span.label, "score": span.score}
                    for span in spans
                    if span.label != CLASS
                ],
                "categories": list(found.categories),
                "grade": found.grade,
                "reasons": list(found.reasons),
            }
        )


def read_spans(answer: Any, length: int) -> list[Span]:
    """The spans of the one text in an inspector's answer: {"spans": [[[start, end, label, score, detector], ...]]}.

    Raises Unavailable when the answer is anything else: half-understood findings are no findings.
    """
    try:
        (raw,) = answer["spans"]
        spans = [_span(item) for item in raw]
    except (TypeError, ValueError, KeyError):
        raise Unavailable("inspection gave an answer that cannot be read") from None
    if not all(0 <= span.start <= span.end <= length for span in spans):
        raise Unavailable("inspection gave an answer that does not fit the text")
    return sorted(spans, key=lambda span: (span.start, span.end, span.label))


def _span(row: Any) -> Span:
    start, end, label, score, detector = row
    return Span(int(start), int(end), str(label), min(1.0, max(0.0, float(score))), str(detector))


def _finding(key: bytes, text: str, span: Span) -> Finding:
    value = text[span.start : span.end]
    return Finding(("text",), PartKind.TEXT, span, value, subject_key(key, "", span.label, value))


def _described() -> dict[str, Any]:
    route = governed(Permission.INSPECT, 408, 413, 415, 422, 503)
    route["responses"][200] = {"model": InspectAnswer, "description": "Spans, categories and grade"}
    return route
