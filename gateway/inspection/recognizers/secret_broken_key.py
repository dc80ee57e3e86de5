"""Keys of vendors that are written in pieces: as strings that are put together, over lines, in groups, letter by letter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gateway.inspection.recognizer import Candidate, Recognizer, Shape
from gateway.inspection.recognizers.secret_vendor_key import KEYS, SURE, UNANCHORED, is_key

_VENDORS = (
    "openai, deepseek, moonshot, dashscope and their kin", "anthropic", "aws access key", "google api", "aliyun", "tencent cloud",
    "github", "github fine-grained", "gitlab", "slack", "stripe", "hugging face", "sendgrid", "shopify", "databricks",
)  # fmt: skip
_SIGN = "[A-Za-z0-9_-]"
_REMARK = r"(?:/\*[^*\n]{0,40}\*/[ \t]{0,4})?"
_JOINT = re.compile(
    rf"[\"'`][ \t]{{0,4}}{_REMARK}(?:[+.&,]|\|\|)?[ \t]{{0,4}}{_REMARK}(?:(?:\#|//)[^\n]{{0,60}}(?=\n))?(?:\\?\r?\n[ \t]{{0,40}})?(?:[+.&]|\|\|)?[ \t]{{0,4}}[\"'`]"
    r"|[\\=]\r?\n[ \t]{0,40}"
)
_LINE = re.compile(
    r"\r?\n[ \t]{0,40}(?:(?:\#{1,3}|//|>|\*|--)[ \t]{0,4})?(?=[A-Za-z0-9_\-]{8,256}[\"'`,;.)\s]*(?:\r?\n|\Z|[ \"')]))"
)
"""A line's end, and behind it what looks like the rest of a key and no more than a word of it in the line."""
_BLANK = re.compile(r"[ \t](?=[A-Za-z0-9]{4,8}(?![A-Za-z0-9_\-]))")
_MOST = 260
_PIECES = 24

_Way = tuple[re.Pattern[str], bool]
_WAYS: tuple[_Way, ...] = ((_JOINT, False), (_LINE, True), (_BLANK, True))
"""How pieces go on, and whether the next one has to look random by itself, for words stand there too."""
_RANDOM = re.compile(r"[A-Z0-9]{4,5}\Z|(?=[^\s0-9]{0,40}[0-9])(?=[^\sA-Za-z]{0,40}[A-Za-z])")


def _shapes() -> Iterator[Shape]:
    for vendor, anchor, expression in KEYS:
        if vendor in _VENDORS and vendor not in UNANCHORED:
            yield _shape(anchor, re.compile(expression))


def _shape(anchor: str, whole: re.Pattern[str]) -> Shape:
    def complete(text: str, at: int) -> Iterable[Candidate]:
        if text[at - 1 : at].isalnum():
            return ()
        for joint, plain in _WAYS:
            found = _joined(text, at, joint, plain)
            if found is None:
                continue
            key, ends = found
            match = whole.match(key)
            # in one piece it is found as it is; what is left over of a piece says that this is none
            if match is not None and match.end() in ends and match.end() != ends[0] and is_key(match[0]):
                return ((at, _place(text, at, joint, match.end()), SURE),)
        return ()

    return Shape(anchor, complete, expression=whole.pattern)


_PIECE = re.compile(rf"{_SIGN}{{1,256}}")


def _joined(text: str, at: int, joint: re.Pattern[str], plain: bool) -> tuple[str, list[int]] | None:
    """The pieces from a place on put together, and how long it is behind each."""
    key, ends = "", []
    for _ in range(_PIECES):
        piece = _PIECE.match(text, at)
        if piece is None or (plain and key and _RANDOM.match(piece[0]) is None):
            break
        key += piece[0]
        ends.append(len(key))
        gap = joint.match(text, piece.end())
        if gap is None or len(key) > _MOST:
            break
        at = gap.end()
    return (key, ends) if len(ends) > 1 else None


def _place(text: str, at: int, joint: re.Pattern[str], length: int) -> int:
    """Behind the first `length` signs of the pieces."""
    while True:
        piece = _PIECE.match(text, at)
        gap = None if piece is None else joint.match(text, piece.end())
        if piece is None or len(piece[0]) >= length or gap is None:
            return at + length
        length -= len(piece[0])
        at = gap.end()


RECOGNIZER = Recognizer("broken_key", "API_KEY", tuple(_shapes()))
