"""MP4, QuickTime and M4A: the label as a metadata item `AIGC`. Samples are not touched, only moved.

As a key of its own (QuickTime File Format, "Metadata"; what ffmpeg writes with `use_metadata_tags`) where the film has
such metadata or none; as a free-form item where it has iTunes' list, since players read one metadata box and no second.
"""

from __future__ import annotations

from watermark.aigc.boxes import Box, box, boxes, child, children, splice
from watermark.aigc.label import NAME
from watermark.errors import MalformedMedia

_KEY = NAME.encode()
_HANDLER = bytes(8) + b"mdta" + bytes(12) + b"\x00"
_LOCALE = bytes(4)
_UTF8 = b"\x00\x00\x00\x01"


def read(data: bytes) -> list[str]:
    found: list[str] = []
    for meta in _metas(data, _moov(data)):
        found += [_value(data, entry) for entry in _labels(data, meta)]
    return found


def write(data: bytes, value: str) -> bytes:
    moov = _moov(data)
    metas = _metas(data, moov)
    home = next((meta for meta in metas if _handler(data, meta) in {b"mdta", b"mdir"}), None)
    rewritten = {meta.start: _rewritten(data, meta, value if meta is home else None) for meta in metas}
    new = _rebuilt(data, moov, rewritten, box(b"meta", _fresh(value)) if home is None else b"")
    return bytes(splice(data, moov.start, moov.end, new))


def _rebuilt(data: bytes, moov: Box, rewritten: dict[int, bytes], fresh: bytes) -> bytes:
    """The movie box with its metadata exchanged; a new one goes into its user data."""
    parts = []
    for one in children(data, moov):
        if one.kind == b"udta":
            inner = [rewritten.get(two.start, data[two.start : two.end]) for two in _user_data(data, one)]
            parts.append(box(b"udta", *inner, fresh, data[_user_end(data, one) : one.end]))
            fresh = b""
        else:
            parts.append(rewritten.get(one.start, data[one.start : one.end]))
    return box(b"moov", *parts, box(b"udta", fresh) if fresh else b"")


def _fresh(value: str) -> bytes:
    keys = bytes(4) + (1).to_bytes(4, "big") + box(b"mdta", _KEY)
    return bytes(4) + box(b"hdlr", _HANDLER) + box(b"keys", keys) + box(b"ilst", _keyed(1, value))


def _rewritten(data: bytes, meta: Box, value: str | None) -> bytes:
    """A metadata box without labels, or with the one label."""
    skip = _skip(data, meta)
    keyed = _handler(data, meta) == b"mdta"
    parts, held = [data[meta.body : meta.body + skip]], False
    labels = {one.start for one in _labels(data, meta)}
    known = _key_number(data, meta)
    number = known or 1 + _keys(data, meta)
    label = b"" if value is None else _keyed(number, value) if keyed else _free_form(value)
    for one in children(data, meta, skip):
        if one.kind == b"keys" and label and not known:
            head = data[one.body : one.body + 4] + number.to_bytes(4, "big")
            parts.append(box(b"keys", head, data[one.body + 8 : one.end], box(b"mdta", _KEY)))
        elif one.kind == b"ilst":
            held = True
            kept = [two for two in children(data, one) if two.start not in labels]
            parts.append(box(b"ilst", *(data[two.start : two.end] for two in kept), label))
        else:
            parts.append(data[one.start : one.end])
    if label and not held:
        parts.append(box(b"ilst", label))
    if label and keyed and number == 1 and child(data, meta, b"keys", skip) is None:
        raise MalformedMedia("the film's metadata lacks its table of keys")
    return box(b"meta", *parts)


def _keys(data: bytes, meta: Box) -> int:
    """How many keys the table holds."""
    one = child(data, meta, b"keys", _skip(data, meta))
    return 0 if one is None else int.from_bytes(data[one.body + 4 : one.body + 8], "big")


def _keyed(number: int, value: str) -> bytes:
    return box(number.to_bytes(4, "big"), box(b"data", _UTF8, _LOCALE, value.encode()))


def _free_form(value: str) -> bytes:
    mean, name = box(b"mean", bytes(4), b"com.apple.iTunes"), box(b"name", bytes(4), _KEY)
    return box(b"----", mean, name, box(b"data", _UTF8, _LOCALE, value.encode()))


def _moov(data: bytes) -> Box:
    found = [one for one in boxes(data) if one.kind == b"moov"]
    if len(found) != 1:
        raise MalformedMedia("the film has no movie box, or several")
    return found[0]


def _metas(data: bytes, moov: Box) -> list[Box]:
    found = []
    for one in children(data, moov):
        if one.kind == b"meta":
            found.append(one)
        elif one.kind == b"udta":
            found += [two for two in _user_data(data, one) if two.kind == b"meta"]
    return found


def _user_data(data: bytes, udta: Box) -> list[Box]:
    return boxes(data, udta.body, _user_end(data, udta))


def _user_end(data: bytes, udta: Box) -> int:
    """QuickTime ends user data with four zero bytes, which are no box."""
    at = udta.body
    while at + 8 <= udta.end and (size := int.from_bytes(data[at : at + 4], "big")) >= 8:
        at += size
    return min(at, udta.end)


def _skip(data: bytes, meta: Box) -> int:
    """QuickTime's metadata box has no version field, ISO's has one."""
    return 0 if data[meta.body + 4 : meta.body + 8] == b"hdlr" else 4


def _handler(data: bytes, meta: Box) -> bytes:
    one = child(data, meta, b"hdlr", _skip(data, meta))
    return b"" if one is None else data[one.body + 8 : one.body + 12]


def _entries(data: bytes, meta: Box) -> list[Box]:
    one = child(data, meta, b"ilst", _skip(data, meta))
    return [] if one is None else children(data, one)


def _key_number(data: bytes, meta: Box) -> int:
    """The index of our key in the table of keys, from 1; 0 where it is not there."""
    one = child(data, meta, b"keys", _skip(data, meta))
    if one is None:
        return 0
    for number, entry in enumerate(boxes(data, one.body + 8, one.end), 1):
        if data[entry.body : entry.end].rstrip(b"\x00").upper() == _KEY:
            return number
    return 0


def _labels(data: bytes, meta: Box) -> list[Box]:
    """The items that are labels: by the table of keys, or by iTunes' free-form name."""
    number = _key_number(data, meta) if _handler(data, meta) == b"mdta" else 0
    found = []
    for entry in _entries(data, meta):
        if entry.kind == b"----":
            name = child(data, entry, b"name")
            if name is not None and data[name.body + 4 : name.end].upper() == _KEY:
                found.append(entry)
        elif number and int.from_bytes(entry.kind, "big") == number:
            found.append(entry)
    return found


def _value(data: bytes, entry: Box) -> str:
    one = child(data, entry, b"data")
    return "" if one is None else data[one.body + 8 : one.end].decode("utf-8", "replace")
