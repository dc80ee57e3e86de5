"""The tagger: texts in, spans out.

Long texts are cut into pieces at line breaks or spaces; pieces of all texts are read in blocks of bounded size,
scored in one pass, decoded one by one. The result for a text does not depend on the texts beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.flow import Span
from gateway.inspection.names.decode import Decoder
from gateway.inspection.names.doubtful import Doubts
from gateway.inspection.names.features import SEPARATOR, Featuriser
from gateway.inspection.names.network import Network
from gateway.inspection.names.plausible import without_lists
from gateway.inspection.names.propagate import propagate

_PIECE = 16_384  # code points of a piece, at most
_LOOK_BACK = 1_024  # how far from a piece's end a better place to cut is looked for
_BLOCK = 32_768  # code points of a block, separators included
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class _Piece:
    text: int  # index into the caller's sequence
    offset: int  # of the piece in that text
    content: str


class Tagger:
    """Finds PERSON, ADDRESS, LOCATION, ORG, DATE and NRP (nationalities, peoples, faiths).

    Deterministic; one per thread; about 35 MB; loads in about 0.3 s.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` holds the three model files; None means the model shipped with the package.

        Raises OSError or ValueError if a file is missing or damaged.
        """
        self._network = Network(folder or Path(__file__).with_name("model"))
        self._featuriser = Featuriser(self._network.table, _BLOCK)
        self._decoder = Decoder(self._network.decision)
        self._doubts = Doubts()

    @property
    def version(self) -> str:
        """Digest of the model (hex): part of the key of whatever is derived from its findings."""
        return self._network.digest

    def tag(self, texts: Sequence[str]) -> list[list[Span]]:
        """Spans of each text, in order of position, not overlapping; offsets are code points of that text."""
        found: list[list[Span]] = [[] for _ in texts]
        for block in _blocks(_pieces(texts)):
            for piece, spans in zip(block, self._tag_block(block), strict=True):
                found[piece.text] += _shifted(spans, piece.offset) if piece.offset else spans
        return [
            propagate(text, self._doubts.settled(text, without_lists(text, spans))) if spans else spans
            for text, spans in zip(texts, found, strict=True)
        ]

    def _tag_block(self, block: Sequence[_Piece]) -> Iterator[list[Span]]:
        for index, piece in enumerate(block):
            runs = self._network.found(piece.content, self._decoder.rules)
            if runs is None:
                yield from self._tag_together(block[index:])
                return
            yield self._decoder.chosen(piece.content, runs)

    def _tag_together(self, block: Sequence[_Piece]) -> Iterator[list[Span]]:
        """One pass of NumPy and onnxruntime over all pieces: for few processors, and without a compiler."""
        tokens = self._featuriser.read([piece.content for piece in block])
        scores = self._network.scores(tokens)
        edges = tokens.first.tolist()
        for piece, low, high in zip(block, edges[:-1], edges[1:], strict=True):
            own = slice(low, high)
            yield self._decoder.spans(piece.content, tokens.start[own], tokens.end[own], tokens.kind[own], scores[own])


def _shifted(spans: Sequence[Span], by: int) -> list[Span]:
    return [span._replace(start=span.start + by, end=span.end + by) for span in spans]


def _pieces(texts: Sequence[str]) -> Iterator[_Piece]:
    for index, text in enumerate(texts):
        if not _LETTER.search(text):  # numbers and punctuation: nothing that could be a name
            continue
        begin = 0
        while len(text) - begin > _PIECE:
            stop = _cut(text, begin + _PIECE)
            yield _Piece(index, begin, text[begin:stop])
            begin = stop
        yield _Piece(index, begin, text[begin:])


def _cut(text: str, limit: int) -> int:
    """Where to cut, at most at `limit`: after the last line break, else after the last space, else right there."""
    for mark in ("\n", " ", "。", ","):
        place = text.rfind(mark, limit - _LOOK_BACK, limit)
        if place >= 0:
            return place + 1
    return limit


def _blocks(pieces: Iterator[_Piece]) -> Iterator[list[_Piece]]:
    block: list[_Piece] = []
    size = len(SEPARATOR)
    for piece in pieces:
        grown = len(piece.content) + len(SEPARATOR)
        if block and size + grown > _BLOCK:
            yield block
            block, size = [], len(SEPARATOR)
        block.append(piece)
        size += grown
    if block:
        yield block
