"""Plain text in the encodings people use, and tables in CSV: each value beside the head of its column."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress

from gateway.extraction.gathered import Gathered, Unreadable
from gateway.extraction.legacy import readings_of, shifted

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 65_536
_LONGEST_HEAD = 48
_HIGH = re.compile(rb"[\x80-\xff]+")
_WRITTEN = re.compile(
    r"[\t\r\n -~\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7af\uff00-\uffee\u2010-\u203b\u2460-\u27bf\u00b7★]"
)
_NUMBER = re.compile(r"[-+]?[\d.,/: ]+")


def decode(content: bytes, charset: str = "") -> str:
    """The text of bytes, in the likeliest reading. Raises Unreadable for what is no text."""
    return decodings(content, charset)[0]


def decodings(content: bytes, charset: str = "") -> list[str]:
    """The text of bytes; more than one where two encodings are about as likely. Raises Unreadable for what is no text."""
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return [content.decode(encoding, "replace")]
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return _legacy(content, charset)
    if "\x00" in text:
        return [_wide(content)]
    if _controls(text[:_SAMPLE]) > len(text[:_SAMPLE]) // 50 + 4:
        raise Unreadable("of a kind that is not known")
    meant = shifted(content)
    return [text] if meant is None else [meant, text]


def readings(content: bytes, charset: str) -> list[str]:
    """The text of bytes, and what it is in the charset that is claimed for it where that differs. As `decode` otherwise.

    ASCII can be another text in UTF-7, HZ or ISO-2022: some readers go by the claim, some by the bytes.
    """
    texts = decodings(content, charset)
    try:
        if charset and codecs.lookup(charset)._is_text_encoding:
            claimed = content.decode(charset, "replace")
            return texts if claimed in texts or "\ufffd" in claimed else [*texts, claimed]
    except (LookupError, UnicodeError, ImportError, OSError):
        pass
    return texts


def _wide(content: bytes) -> str:
    """UTF-16 without its mark: every other byte is zero, or most of it is in the blocks that people write in; else it is no text."""
    sample = content[:_SAMPLE]
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if zeros.count(0) * 2 > len(zeros):
            return content.decode(encoding, "replace")
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample[: len(sample) // 2 * 2].decode(encoding, "replace")
        if len(_WRITTEN.findall(text)) * 20 > len(text) * 19 and not len(content) % 2:
            return content.decode(encoding, "replace")
    raise Unreadable("of a kind that is not known")


def _legacy(content: bytes, charset: str) -> list[str]:
    """Bytes that are no UTF-8: the charset that is named, Western, or one of the East."""
    if content.count(0):
        return [_wide(content)]
    if _controls(content[:_SAMPLE].decode("latin-1")) > len(content[:_SAMPLE]) // 50 + 4:
        raise Unreadable("of a kind that is not known")
    lenient = content.decode("utf-8", "replace")
    broken = lenient.count("\ufffd")
    if sum(character > "\x7f" for character in lenient) > 2 * broken:  # UTF-8 with a few stray bytes
        return [lenient]
    if (named := _named(content, charset)) is not None:
        return [named]
    runs = _HIGH.findall(content[:_SAMPLE])
    western = 2 * sum(len(run) == 1 for run in runs) > len(runs)  # letters with accents stand alone, others in runs
    if western:
        with suppress(UnicodeDecodeError):
            return [content.decode("cp1252")]
    return readings_of(content)


def _named(content: bytes, charset: str) -> str | None:
    try:
        if charset and codecs.lookup(charset)._is_text_encoding:
            return content.decode(charset)
    except (LookupError, UnicodeDecodeError):
        pass
    return None


def _controls(text: str) -> int:
    return sum(character < " " and character not in "\t\r\n\f\v\x1b\b" for character in text)


def read_plain(content: bytes, where: str, gathered: Gathered) -> None:
    """Plain text; a table in it is read row by row."""
    for text in decodings(content):
        rows = _table(text)
        gathered.text(where, text if rows is None else as_lines(rows))


def _table(text: str) -> list[list[str]] | None:
    """The rows of a CSV text with a head, None for anything else."""
    head = text[:_SAMPLE].split("\n", 1)[0]
    sign = max(",;\t|", key=head.count)
    if head.count(sign) < 1 or head.lstrip()[:1] in {"{", "[", "<", "#"}:
        return None
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=sign) if row]
    except csv.Error:
        return None
    width = len(rows[0])
    return rows if len(rows) > 1 and width > 1 and all(len(row) == width for row in rows) and is_head(rows[0]) else None


def is_head(cells: Sequence[str]) -> bool:
    """Whether a row names columns: short words, no numbers, none twice."""
    words = [cell.strip() for cell in cells if cell.strip()]
    return (
        len(words) > 1
        and len(set(words)) == len(words)
        and all(len(word) <= _LONGEST_HEAD and not _NUMBER.fullmatch(word) and "@" not in word for word in words)
    )


def as_lines(rows: Iterable[Sequence[str]]) -> str:
    """A table as text: where the first row names the columns, each value stands behind its column's name."""
    lines: list[str] = []
    head: Sequence[str] | None = None
    for row in rows:
        if not lines:
            head = row if is_head(row) else None
            lines.append("\t".join(row))
        elif head is None:
            lines.append("\t".join(row))
        else:
            names = [*head, *[""] * (len(row) - len(head))]
            lines.append(
                "; ".join(f"{name}: {cell}" if name else cell for name, cell in zip(names, row, strict=False) if cell)
            )
    return "\n".join(lines)
