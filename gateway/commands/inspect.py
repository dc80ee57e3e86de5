"""`lexgate inspect`: what the gateway would find in a text, without a configuration, a key or a running gateway."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import orjson

from gateway.errors import LexgateError
from gateway.flow import Classification, Finding, PartKind, Span
from gateway.inspection.classifier import classify
from gateway.inspection.engine import Engine, Seen
from gateway.inspection.steps import finished
from gateway.inspection.subjects import subject_key

_CHUNK = 1 << 18
"""Bytes read at once with --jsonl: what has arrived is inspected as one batch, so pipes stay interactive."""

_CANNOT = 2


class _Cannot(Exception):
    """The command could not be tried; the message says why."""


@click.command("inspect")
@click.argument("file", required=False)
@click.option("--text", help="Inspect this text instead of a file.")
@click.option(
    "--jsonl", is_flag=True, help='Read {"id","text","lang"?} lines, write {"id","spans","categories","grade"} lines.'
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--lang", default="", help="Language hint, e.g. en or zh.")
@click.option("--names/--no-names", default=True, help="With or without the names model.")
@click.option("--config", hidden=True, help="Accepted for uniformity; not read.")
def inspect(
    file: str | None, text: str | None, jsonl: bool, as_json: bool, lang: str, names: bool, config: str | None
) -> None:
    """Find personal data and secrets in FILE (or - for standard input) and grade it.

    Offsets are Unicode code points. Exit code 0: inspected; 2: could not be tried.
    """
    del config
    try:
        engine = Engine(names=names)
        if jsonl:
            _lines(engine, file, lang)
            return
        content = text if text is not None else _read(file)
        spans, classes = _seen(engine, content, lang)
        result = _classified(content, [*spans, *classes])
        click.echo(orjson.dumps(_as_json(spans, result)) if as_json else _as_text(content, spans, result))
    except (LexgateError, _Cannot, OSError) as problem:
        click.echo(f"lexgate inspect: {problem}", err=True)
        sys.exit(_CANNOT)


def _seen(engine: Engine, content: str, lang: str) -> Seen:
    return finished(engine.seen([content], lang))[0]


def _read(file: str | None) -> str:
    if file is None and sys.stdin.isatty():
        raise _Cannot("give a FILE, - for standard input, or --text")
    content = sys.stdin.buffer.read() if file in {None, "-"} else _bytes_of(file)
    try:
        return content.decode()
    except UnicodeDecodeError as problem:
        raise _Cannot(f"not UTF-8 at byte {problem.start}") from problem


def _bytes_of(file: str | None) -> bytes:
    return Path(str(file)).read_bytes()


def _lines(engine: Engine, file: str | None, lang: str) -> None:
    number = 0
    descriptor = sys.stdin.fileno() if file in {None, "-"} else os.open(str(file), os.O_RDONLY)
    for lines in _batches(descriptor):
        rows = []
        for line in lines:
            number += 1
            if line.strip():
                rows.append(_row(line, number))
        _answer(engine, rows, lang)


def _batches(descriptor: int) -> Iterator[list[bytes]]:
    """Complete lines as they arrive."""
    rest = b""
    while chunk := os.read(descriptor, _CHUNK):
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        if lines:
            yield lines
    if rest:
        yield [rest]


def _row(line: bytes, number: int) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as problem:
        raise _Cannot(f"line {number} is not JSON") from problem
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not isinstance(row.get("lang") or "", str):
        raise _Cannot(f'line {number} is not an object with a string "text"')
    return row


def _answer(engine: Engine, rows: Sequence[dict[str, Any]], lang: str) -> None:
    """One output line per row, in order. Rows of one language hint that follow one another go as one batch."""
    out = []
    for hint, batch in _by_hint(rows, lang):
        texts = [row["text"] for row in batch]
        for row, (spans, classes) in zip(batch, finished(engine.seen(texts, hint)), strict=True):
            result = _classified(row["text"], [*spans, *classes])
            out.append(
                orjson.dumps(
                    {
                        "id": row.get("id"),
                        "spans": _spans(spans),
                        "categories": result.categories,
                        "grade": result.grade,
                    }
                )
            )
    if out:
        sys.stdout.buffer.write(b"\n".join(out) + b"\n")
        sys.stdout.buffer.flush()


def _by_hint(rows: Sequence[dict[str, Any]], lang: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    batch: list[dict[str, Any]] = []
    hint = lang
    for row in rows:
        own = row.get("lang") or lang
        if batch and (own != hint or len(batch) >= 64):
            yield hint, batch
            batch = []
        hint = own
        batch.append(row)
    if batch:
        yield hint, batch


def _classified(text: str, spans: Sequence[Span]) -> Classification:
    """Graded as if it were a call of its own; subjects are counted, their keys thrown away."""
    key = bytes(32)
    findings = []
    for span in spans:
        value = text[span.start : span.end]
        findings.append(Finding((), PartKind.TEXT, span, value, subject_key(key, "", span.label, value)))
    return classify(findings, ())


def _spans(spans: Sequence[Span]) -> list[dict[str, Any]]:
    return [
        {"start": span.start, "end": span.end, "label": span.label, "score": round(span.score, 3)} for span in spans
    ]


def _as_json(spans: Sequence[Span], result: Classification) -> dict[str, Any]:
    return {
        "spans": _spans(spans),
        "categories": result.categories,
        "grade": result.grade,
        "reasons": result.reasons,
    }


def _as_text(text: str, spans: Sequence[Span], result: Classification) -> str:
    lines = [f"grade {result.grade}"]
    if result.categories:
        lines.append("categories " + ", ".join(result.categories))
    lines += [f"  {reason}" for reason in result.reasons]
    for span in spans:
        value = text[span.start : span.end].replace("\n", "\\n")
        shown = value if len(value) <= 60 else value[:57] + "..."
        lines.append(f"{span.start:>7}-{span.end:<7} {span.label:<18} {span.score:.2f}  {shown}")
    return "\n".join(lines)
