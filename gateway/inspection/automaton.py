r"""Regular expressions as one nondeterministic automaton over ASCII: may this text begin, or be, a match?

The expressions are those of the guard, a small part of Python's: characters, classes, groups, alternatives, bounded
repeats, `*`, `+` and `?`. Anything else (look-around, back-references, flags) is an error and no guess. Whoever runs the
automaton (`gateway.protocols.plain_run`) makes of it, as it is needed, a deterministic one (Thompson 1968; RE2's way).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

ACCEPT, SPLIT, FIRST_SET = 0, 1, 2
"""Kinds of nodes: accept with a mark, go on at two others, or read a character of a set (kind - FIRST_SET)."""
ASCII: Final = range(128)
_ESCAPES = {
    "d": frozenset(map(ord, "0123456789")),
    "w": frozenset(map(ord, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")),
    "s": frozenset(map(ord, "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f ")),
    "n": frozenset({10}),
    "r": frozenset({13}),
    "t": frozenset({9}),
}


@dataclass(frozen=True, slots=True)
class Automaton:
    """`nodes`: (kind, next, other next); ACCEPT's next is a mark. `sets`: ASCII characters. `starts`: a node for each expression."""

    nodes: tuple[tuple[int, int, int], ...] = field(repr=False)
    sets: tuple[frozenset[int], ...] = field(repr=False)
    starts: tuple[int, ...]

    def packed(self) -> tuple[bytes, bytes, bytes]:
        """For the C extension: each character's kind, the nodes as little-endian triples, each set as a bit for each kind."""
        kinds: dict[tuple[bool, ...], int] = {}
        of_character = bytes(
            kinds.setdefault(tuple(character in each for each in self.sets), len(kinds)) for character in ASCII
        )
        sample = {kind: character for character, kind in enumerate(of_character)}
        sets = b"".join(
            sum(1 << kind for kind, character in sample.items() if character in each).to_bytes(16, "little")
            for each in self.sets
        )
        nodes = b"".join(number.to_bytes(4, "little") for node in self.nodes for number in node)
        return of_character, nodes, sets


def automaton(starts: Sequence[Sequence[tuple[str, int]]]) -> Automaton:
    """One start for each group of expressions with their marks. Raises ValueError for what is not understood."""
    made = _Maker()
    heads = []
    for group in starts:
        branches = [made.expression(text, made.node(ACCEPT, mark)) for text, mark in group]
        heads.append(made.either(branches))
    return Automaton(tuple(made.nodes), tuple(made.sets), tuple(heads))


class _Maker:
    """Nodes are made from the end of an expression to its beginning: each knows where it goes on."""

    def __init__(self) -> None:
        self.nodes: list[tuple[int, int, int]] = []
        self.sets: dict[frozenset[int], int] = {}

    def node(self, kind: int, following: int, other: int = 0) -> int:
        self.nodes.append((kind, following, other))
        return len(self.nodes) - 1

    def either(self, branches: Sequence[int]) -> int:
        head = branches[0]
        for branch in branches[1:]:
            head = self.node(SPLIT, head, branch)
        return head

    def expression(self, text: str, end: int) -> int:
        """The node from which `text` is read until `end`."""
        return self._tree(_Reader(text).whole(), end)

    def _tree(self, tree: _Tree, end: int) -> int:
        if isinstance(tree, frozenset):
            return self.node(FIRST_SET + self.sets.setdefault(tree, len(self.sets)), end)
        if isinstance(tree, _Repeat):
            return self._repeat(tree, end)
        if isinstance(tree, _Either):
            return self.either([self._tree(branch, end) for branch in tree.branches])
        for item in reversed(tree.items):
            end = self._tree(item, end)
        return end

    def _repeat(self, tree: _Repeat, end: int) -> int:
        head = end
        if tree.most is None:
            loop = self.node(SPLIT, end, end)
            self.nodes[loop] = (SPLIT, end, self._tree(tree.item, loop))
            head = loop
        else:
            for _ in range(tree.most - tree.least):
                head = self.node(SPLIT, end, self._tree(tree.item, head))
        for _ in range(tree.least):
            head = self._tree(tree.item, head)
        return head


@dataclass(frozen=True, slots=True)
class _Sequence:
    items: tuple[_Tree, ...]


@dataclass(frozen=True, slots=True)
class _Either:
    branches: tuple[_Tree, ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    item: _Tree
    least: int
    most: int | None


_Tree = frozenset[int] | _Sequence | _Either | _Repeat


class _Reader:
    """An expression as a tree."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def whole(self) -> _Tree:
        tree = self._either()
        if self._at != len(self._text):
            raise self._strange()
        return tree

    def _either(self) -> _Tree:
        branches = [self._sequence()]
        while self._next("|"):
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else _Either(tuple(branches))

    def _sequence(self) -> _Tree:
        items: list[_Tree] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            items.append(self._repeated(self._item()))
        return _Sequence(tuple(items))

    def _item(self) -> _Tree:
        if self._next("(?:"):
            inside = self._either()
            if not self._next(")"):
                raise self._strange()
            return inside
        if self._next("["):
            return self._set()
        if self._text[self._at] in "()^$.*+?{}]":
            raise self._strange()
        return self._character()

    def _repeated(self, item: _Tree) -> _Tree:
        if self._next("?"):
            return self._greedy(_Repeat(item, 0, 1))
        if self._next("*"):
            return self._greedy(_Repeat(item, 0, None))
        if self._next("+"):
            return self._greedy(_Repeat(item, 1, None))
        if not self._next("{"):
            return item
        least, _, most = self._until("}").partition(",")
        return self._greedy(_Repeat(item, int(least), int(most or least)))

    def _greedy(self, repeat: _Repeat) -> _Repeat:
        self._next("+")  # possessive: fewer matches, which the look that follows sorts out
        if self._text[self._at : self._at + 1] in {"?", "*", "+", "{"}:
            raise self._strange()
        return repeat

    def _set(self) -> frozenset[int]:
        negated = self._next("^")
        found: set[int] = set()
        while not self._next("]"):
            low = self._character()
            if len(low) == 1 and self._text[self._at : self._at + 1] == "-" and self._text[self._at + 1] != "]":
                self._at += 1
                high = self._character()
                found.update(range(min(low), max(high) + 1))
            else:
                found |= low
        return frozenset(ASCII) - found if negated else frozenset(found)

    def _character(self) -> frozenset[int]:
        character = self._text[self._at : self._at + 1]
        self._at += 1
        if character == "\\":
            escaped = self._text[self._at : self._at + 1]
            self._at += 1
            if escaped in _ESCAPES:
                return _ESCAPES[escaped]
            if escaped.isalnum():
                raise self._strange()
            character = escaped
        if not character or not character.isascii():
            raise self._strange()
        return frozenset({ord(character)})

    def _next(self, mark: str) -> bool:
        if not self._text.startswith(mark, self._at):
            return False
        self._at += len(mark)
        return True

    def _until(self, mark: str) -> str:
        end = self._text.find(mark, self._at)
        if end < 0:
            raise self._strange()
        found, self._at = self._text[self._at : end], end + 1
        return found

    def _strange(self) -> ValueError:
        return ValueError(f"not understood at {self._at}: {self._text!r}")
