"""What an inspector process answers about content: rows instead of objects, for the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateway.flow import Span
from gateway.inspection.engine import Engine
from gateway.inspection.steps import Steps

Row = list[Any]
"""[start, end, label, score, detector]"""


def inspection_methods(engine: Engine) -> Mapping[str, Callable[[Any], Any]]:
    """`inspect`: {"texts": [...], "lang": ""} -> {"spans": [[row, ...], ...]}; `version`: the engine's digest."""

    def inspect(payload: Any) -> Steps[dict[str, Any]]:
        spans = yield from engine.steps(payload["texts"], payload.get("lang", ""))
        return {"spans": [to_rows(each) for each in spans]}

    def version(payload: Any) -> str:
        del payload
        return engine.version

    return {"inspect": inspect, "version": version}


def to_rows(spans: Iterable[Span]) -> list[Row]:
    """The spans of a text for the wire."""
    return [[start, end, label, round(score, 3), detector] for start, end, label, score, detector in spans]


def from_row(row: Row) -> Span:
    """A span from the wire."""
    start, end, label, score, detector = row
    return Span(start, end, label, score, detector)
