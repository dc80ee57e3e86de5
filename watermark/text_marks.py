"""The marks of a whole text file: the label as a line of its own at the end, then the manifest in the text (C2PA A.8)."""

from __future__ import annotations

from watermark.errors import Unsupported
from watermark.marking import Marked, Marking, MarkingKeys, Origin
from watermark.text_manifest import TextManifest


def mark_text(data: bytes, origin: Origin, marking: Marking, keys: MarkingKeys) -> Marked:
    """`data`, UTF-8, with the marks that are demanded. Its own characters stay as they are, byte for byte.

    Raises Unsupported where a text cannot carry a mark and policy says block, MarkingFailed without a key.
    """
    missing = [name for name in ("invisible", "aigc") if getattr(marking, name)]
    try:
        text, carries = data.decode(), list[str]()
    except UnicodeDecodeError:
        text, carries, missing = "", [], [*missing, "explicit", "c2pa"]
    if text and marking.notice:
        text = f"{text.rstrip()}\n\n{marking.notice}\n"
        carries.append("explicit")
    if text and marking.c2pa:
        manifest = TextManifest(origin, keys)
        wrapped = manifest.push(text) + manifest.end()
        if wrapped == text:
            missing.append("c2pa")
        else:
            text = wrapped
            carries.append("c2pa")
    if missing and marking.unsupported == "block":
        raise Unsupported(f"this text cannot carry these marks: {', '.join(missing)}")
    return _beside(text.encode() or data, carries, missing, origin, marking, keys)


def _beside(
    data: bytes, carries: list[str], missing: list[str], origin: Origin, marking: Marking, keys: MarkingKeys
) -> Marked:
    """What the text could not carry, as policy says: a manifest beside it, or only the record."""
    if missing and marking.unsupported == "sidecar" and "c2pa" not in carries:
        from watermark.manifest import sign_sidecar

        signed = sign_sidecar(data, origin, keys)
        return Marked(data, "text/plain", (*carries, "sidecar"), signed.sidecar, signed.timestamped)
    if missing and marking.unsupported == "record":
        carries.append("record")
    return Marked(data, "text/plain", tuple(carries))
