"""`lexgate inspect`: what the gateway would find in a text or file, without a configuration, a key or a running gateway."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import orjson

from gateway.commands.register import register_documents, register_table
from gateway.errors import LexgateError
from gateway.extraction.extract import Reading, extract, warm
from gateway.extraction.kinds import kind_of
from gateway.extraction.sandbox import Failed
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


class _FileFirst(click.Group):
    """A group whose command `file` need not be named: `lexgate inspect FILE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = args and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if named else ["file", *args])


@click.group("inspect", cls=_FileFirst)
def inspect() -> None:
    """Find what is sensitive in a text or file, and register what else is to be found.

    `lexgate inspect FILE` is short for `lexgate inspect file FILE`.
    """


inspect.add_command(register_table)
inspect.add_command(register_documents)


@inspect.command("file")
@click.argument("file", required=False)
@click.option("--text", help="Inspect this text instead of a file.")
@click.option(
    "--jsonl", is_flag=True, help='Read {"id","text","lang"?} lines, write {"id","spans","categories","grade"} lines.'
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--lang", default="", help="Language hint, e.g. en or zh.")
@click.option("--ocr", is_flag=True, help="Read pictures with Tesseract.")
@click.option("--names/--no-names", default=True, help="With or without the names model.")
@click.option("--config", hidden=True, help="Accepted for uniformity; not read.")
def inspect_file(
    file: str | None,
    text: str | None,
    jsonl: bool,
    as_json: bool,
    lang: str,
    ocr: bool,
    names: bool,
    config: str | None,
) -> None:
    """Find personal data and secrets in FILE (or - for standard input) and grade it.

    FILE is a text, or a PDF, Office document, mail, page, table or archive, whose text is read in a sandbox. Offsets are
    Unicode code points of the text or, in a file, of the piece that is named. Exit code 0: inspected; 2: could not be tried.
    """
    del config
    try:
        engine = Engine(names=names)
        if jsonl:
            _lines(engine, file, lang)
            return
        content = text if text is not None else _read(file)
        if isinstance(content, bytes):
            _inspect_document(engine, content, Path(str(file)).name, ocr=ocr, lang=lang, as_json=as_json)
            return
        spans, classes = _seen(engine, content, lang)
        result = _classified(content, [*spans, *classes])
        click.echo(orjson.dumps(_as_json(spans, result)) if as_json else _as_text(content, spans, result))
    except (LexgateError, _Cannot, OSError) as problem:
        click.echo(f"lexgate inspect: {problem}", err=True)
        sys.exit(_CANNOT)


def _seen(engine: Engine, content: str, lang: str) -> Seen:
    return finished(engine.seen([content], lang))[0]


def _read(file: str | None) -> str | bytes:
    """A text as text; anything else, and what is more than its own characters (mails, pages), as the file that it is."""
    if file is None and sys.stdin.isatty():
        raise _Cannot("give a FILE, - for standard input, or --text")
    content = sys.stdin.buffer.read() if file in {None, "-"} else _bytes_of(file)
    if kind_of(content) != "text":
        return content
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


def _inspect_document(engine: Engine, content: bytes, name: str, *, ocr: bool, lang: str, as_json: bool) -> None:
    """Reads a file as the gateway would, and inspects each piece of its text."""
    warm()
    try:
        extracted = extract(content, name, "", Reading(ocr=ocr))
    except Failed as problem:
        raise _Cannot(f"the file could not be read: its process {problem}") from problem
    pieces = [text for _, text in extracted.texts]
    if extracted.unread and all(where == "name" for where, _ in extracted.texts):
        raise _Cannot(f"the file could not be read: {', '.join(why for _, why in extracted.unread)}")
    seen = finished(engine.seen(pieces, lang))
    findings = [
        found
        for text, (spans, classes) in zip(pieces, seen, strict=True)
        for found in _findings(text, [*spans, *classes], PartKind.FILE)
    ]
    result = classify(
        findings, {kind for kind, _ in extracted.unread}, why=[f"{kind}: {why}" for kind, why in extracted.unread]
    )
    if as_json:
        parts = [
            {"where": where, "spans": _spans(spans)}
            for (where, _), (spans, _) in zip(extracted.texts, seen, strict=True)
        ]
        document = {"type": extracted.type, "unread": [list(each) for each in extracted.unread], "parts": parts}
        click.echo(orjson.dumps(document | _classification(result)))
        return
    lines = [f"{extracted.type}", *_summary(result)]
    for (where, text), (spans, _) in zip(extracted.texts, seen, strict=True):
        if spans:
            lines += [f"{where}:", *_lines_of(text, spans)]
    click.echo("\n".join(lines))


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
    return classify(_findings(text, spans, PartKind.TEXT), ())


def _findings(text: str, spans: Sequence[Span], kind: PartKind) -> list[Finding]:
    values = [(span, text[span.start : span.end]) for span in spans]
    return [Finding((), kind, span, value, subject_key(bytes(32), "", span.label, value)) for span, value in values]


def _spans(spans: Sequence[Span]) -> list[dict[str, Any]]:
    return [
        {"start": span.start, "end": span.end, "label": span.label, "score": round(span.score, 3)} for span in spans
    ]


def _as_json(spans: Sequence[Span], result: Classification) -> dict[str, Any]:
    return {"spans": _spans(spans), **_classification(result)}


def _classification(result: Classification) -> dict[str, Any]:
    return {"categories": result.categories, "grade": result.grade, "reasons": result.reasons}


def _as_text(text: str, spans: Sequence[Span], result: Classification) -> str:
    return "\n".join([*_summary(result), *_lines_of(text, spans)])


def _summary(result: Classification) -> list[str]:
    categories = ["categories " + ", ".join(result.categories)] if result.categories else []
    return [f"grade {result.grade}", *categories, *(f"  {reason}" for reason in result.reasons)]


def _lines_of(text: str, spans: Sequence[Span]) -> list[str]:
    lines = []
    for span in spans:
        value = text[span.start : span.end].replace("\n", "\\n")
        shown = value if len(value) <= 60 else value[:57] + "..."
        lines.append(f"{span.start:>7}-{span.end:<7} {span.label:<18} {span.score:.2f}  {shown}")
    return lines
