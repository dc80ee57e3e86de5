"""What a file carries of where it comes from: pure evidence, no record asked and no conclusion drawn.

What is concluded from evidence and record stands in `gateway/content/verdict.py`. Files of strangers are opened here: do it
in a process of its own, bounded in time and memory.
"""

from __future__ import annotations

from watermark.evidence import Carried, Evidence, Kind, Looking
from watermark.media_types import canonical, sniff
from watermark.prints.printed import Printed
from watermark.readers import READERS
from watermark.visible_text import looks_like_text, visible_text


def examine(data: bytes, declared: str, looking: Looking) -> Carried:
    """All evidence that one file carries. What a reader cannot do with a hostile file is evidence too: invalid.

    `declared`: the media type that whoever brought the file says, "" for none; its bytes decide where they can.
    """
    media_type = sniff(data, declared) or _text_type(data, canonical(declared))
    text = visible_text(data, media_type)
    carried = Carried(media_type, (), text)
    evidence: dict[Kind, Evidence] = {}
    payloads: list[tuple[str, int]] = []
    prints: list[Printed] = []
    for kinds, read in READERS:
        try:
            found = read(data, carried, looking)
        except Exception as error:  # a file that breaks a reader is told as such; the other readers still look
            broken = {"error": type(error).__name__}
            evidence |= {kind: Evidence(kind, "invalid", "unreadable", details=broken) for kind in kinds}
            continue
        for item in found.evidence:
            if item.kind not in evidence or evidence[item.kind].state == "absent":
                evidence[item.kind] = item
        payloads += found.payloads
        prints += found.prints
    return Carried(media_type, tuple(evidence.values()), text, tuple(payloads), tuple(prints))


def _text_type(data: bytes, declared: str) -> str:
    """The type of a file without magic bytes: text, if it looks like that."""
    if not looks_like_text(data):
        return ""
    if declared.startswith("text/") or declared in {"application/json", "application/xhtml+xml"}:
        return declared
    return "text/html" if b"<html" in data[:1024].lower() or b"<!doctype html" in data[:1024].lower() else "text/plain"
