"""The oracle of `native/events.c`, and what runs where it was not built. See `plain_run`."""

from __future__ import annotations

import re
from collections.abc import Sequence

import orjson

LONGEST, SPACED, HEADER = 2048, 48, 600
"""Bytes of a text that is looked at; characters of a spaced identifier; characters before which a key's header stands."""
ACCEPT, SPLIT, FIRST_SET, NUMBER = 0, 1, 2, 2
DIGITS, WORD, SHORTEST, MOST_HOLES = 15, 256, 8, 8
BEGIN = b"-----BEGIN "

_RUN = re.compile(rb"[\x21-\x7e]*\Z")
_STARTS = re.compile(rb"(?<![0-9A-Za-z])[0-9A-Za-z]|(?<![0-9A-Za-z_~.\-])[_~.]")
_SPACED_STARTS = re.compile(rb"(?<![0-9A-Za-z])(?:[0-9]|[A-Za-z]{2}[0-9])")
_ALNUM = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SIGNS = frozenset(b"_~.-")
_STRING = re.compile(rb'(?:[^"\\\x00-\x1f]|\\.)*')
_NUMBER = re.compile(rb"0|[1-9][0-9]{0,14}")
_WORD = re.compile(rb"[0-9A-Za-z]*")
_MARK = "⟦"
_States = frozenset[int]


class Automaton:
    """The guard's expressions as `gateway.inspection.automaton` packs them."""

    def __init__(self, kinds: bytes, nodes: bytes, sets: bytes, token: int, spaced: int, /) -> None:
        """Raises ValueError for what is not whole."""
        numbers = [int.from_bytes(nodes[at : at + 4], "little", signed=True) for at in range(0, len(nodes), 4)]
        self._nodes = list(zip(*[iter(numbers)] * 3, strict=False))
        count, set_count = len(self._nodes), len(sets) // 16
        whole = len(kinds) == 128 and len(nodes) % 12 == 0 and len(sets) % 16 == 0 and max(kinds) < 128
        if not whole or not (0 <= token < count and 0 <= spaced < count) or not self._sound(set_count):
            raise ValueError("a kind for each ASCII character, whole nodes and sets, and two starts expected")
        self._kinds = kinds
        self._sets = [int.from_bytes(sets[at : at + 16], "little") for at in range(0, len(sets), 16)]
        self._moves: dict[tuple[_States, int], _States] = {}
        self._roots = (self._reached([token]), self._reached([spaced]))

    def _sound(self, set_count: int) -> bool:
        count = len(self._nodes)
        return all(
            0 <= kind < set_count + FIRST_SET
            and following >= 0
            and other >= 0
            and (kind == ACCEPT or max(following, other) < count)
            for kind, following, other in self._nodes
        )

    def hold(self, text: bytes, /) -> int:
        """From which byte on a text has to be held back, its size if it has not; -1 where a closer look has to say."""
        held = len(text)
        if not text or held > LONGEST:
            return -1 if text else 0
        run = _RUN.search(text)
        for expression, which, begin in (
            (_STARTS, 0, run.start() if run is not None else 0),
            (_SPACED_STARTS, 1, _characters_back(text, SPACED)),
        ):
            for start in expression.finditer(text, begin, held):
                alive = self._survives(which, text[start.start() :])
                if alive is None:
                    return -1
                if alive:
                    held = start.start()
                    break
        return _header(text, held)

    def possible(self, text: bytes, before: int, /) -> bool:
        """Whether a guarded match may begin in this text, behind the byte `before` (-1: none). A no is certain."""
        if BEGIN[:-1] in text:
            return True
        for at, character in enumerate(text):
            starts = character in _ALNUM or (character in _SIGNS and before not in _SIGNS)
            if starts and before not in _ALNUM and self._matches(text, at):
                return True
            before = character
        return False

    def _matches(self, text: bytes, at: int) -> bool:
        states = self._roots[0]
        for end in range(at, len(text)):
            if text[end] > 0x7F:
                return True
            states = self._move(states, text[end])
            if not states:
                return False
            accepted = 0
            for state in states:
                if self._nodes[state][0] == ACCEPT:
                    accepted |= self._nodes[state][1]
            ends = end + 1 == len(text) or text[end + 1] not in _ALNUM
            if accepted and (accepted != NUMBER or (ends and _may_be_number(text[at : end + 1]))):
                return True
        return False

    def _survives(self, which: int, text: bytes) -> bool | None:
        states = self._roots[which]
        for character in text:
            if not states:
                return False
            if character > 0x7F:
                return None
            states = self._move(states, character)
        return bool(states)

    def _move(self, states: _States, character: int) -> _States:
        kind = self._kinds[character]
        known = self._moves.get((states, kind))
        if known is None:
            nodes = [self._nodes[state] for state in states]
            known = self._reached(
                [node[1] for node in nodes if node[0] >= FIRST_SET and self._sets[node[0] - FIRST_SET] >> kind & 1]
            )
            if len(self._moves) > 1 << 14:
                self._moves.clear()
            self._moves[states, kind] = known
        return known

    def _reached(self, stack: list[int]) -> _States:
        seen: set[int] = set()
        found: set[int] = set()
        while stack:
            number = stack.pop()
            if number not in seen:
                seen.add(number)
                kind, following, other = self._nodes[number]
                if kind == SPLIT:
                    stack += [following, other]
                else:
                    found.add(number)
        return frozenset(found)


def _characters_back(text: bytes, count: int) -> int:
    at = len(text)
    while at and count:
        at -= 1
        count -= text[at] & 0xC0 != 0x80
    return at


def _header(text: bytes, held: int) -> int:
    """A private key's header begins at a dash, and has spaces and lines in it."""
    at = text.find(b"-", _characters_back(text, HEADER))
    while 0 <= at < held:
        beginning = text[at : at + len(BEGIN)]
        if BEGIN.startswith(beginning):
            return -1 if beginning == BEGIN else at
        following = text.find(b"-----B", at + 1)
        if following < 0:
            dashes = max(at + 1, len(text.rstrip(b"-")))
            following = dashes if dashes < len(text) else -1
        at = following
    return held


def _may_be_number(written: bytes) -> bool:
    """Whether digits of this length may be an identifier: those with a check digit are checked as a card's are."""
    if written[:1] == b"0":
        return False
    digits = written.translate(None, b" -")
    if not digits.isdigit():
        return True
    total = sum(
        sum(divmod((digit - 48) * 2, 10)) if place % 2 else digit - 48 for place, digit in enumerate(reversed(digits))
    )
    return total % 10 == 0 or len(digits) in {15, 18}


class Lane:
    """Events of one form: what comes between `came` is a text (t), a number (n; q: moved by `shift`) or a word (s)."""

    def __init__(
        self, automaton: Automaton | None, came: tuple[bytes, ...], holes: bytes, shown: tuple[bytes, ...], restores: bool,
        json: bool, shift: int, /,
    ) -> None:  # fmt: skip
        """Raises ValueError for what is no form."""
        whole = 0 < len(holes) <= MOST_HOLES and len(came) == len(shown) == len(holes) + 1 and all(came)
        if not whole or holes.count(b"t") != 1 or holes.translate(None, b"tnqs"):
            raise ValueError("literals as they come and as they are shown, and one text between them, expected")
        self._automaton = automaton
        self._came, self._holes, self._shown = came, holes, shown
        self._restores, self._json, self._shift = restores, json, shift
        self._unread, self._before = b"", -1
        self._provider: list[str] = []
        self._delivered: list[bytes] = []
        self._last: bytes | None = None
        self._found: list[bytes] = []
        self._count = 0
        self._changed = False
        self.inside = False

    def enter(self, held: bytes, before: int, /) -> None:
        """What is held back, and the last byte of what went on (-1: nothing did)."""
        self._unread, self._before, self.inside = held, before, True

    def leave(self) -> tuple[str, str, str, int, bytes, bool]:
        """(provider's text, delivered text, what is held, how many events, the last of them, whether any changed)."""
        told = (
            "".join(self._provider), b"".join(self._delivered).decode(), self._unread.decode(), self._count,
            self._last or b"", self._changed,
        )  # fmt: skip
        self._provider, self._delivered, self._unread, self._last = [], [], b"", None
        self._count, self._changed, self.inside = 0, False, False
        return told

    def whole(self, content: bytes, /) -> bytes | None:
        """All of these events, as they go on; None where it would not take all, and then it has taken none."""
        before = (self._unread, self._before, self._last, self._count, self._changed)
        provider, delivered = len(self._provider), len(self._delivered)
        end, events = self.take(content, 0)
        if end == len(content):
            return events
        self._unread, self._before, self._last, self._count, self._changed = before
        del self._provider[provider:], self._delivered[delivered:]
        return None

    def take(self, buffer: bytes, at: int, /) -> tuple[int, bytes]:
        """The events from `at` on: where they end, and how they go on."""
        out: list[bytes] = []
        while (event := self._event(buffer, at)) is not None:
            end, text, found = event
            said = text.encode()
            if (self._restores and _MARK in text) or (self._json and "\\" in text):
                break
            passed = len(said)
            if said and self._automaton is not None:
                whole = self._unread + said
                passed = self._automaton.hold(whole)
                if passed < 0 or self._automaton.possible(whole, self._before):
                    break
                same = not self._unread and passed == len(said)
                self._changed |= not same
                out.append(self._shown_as(buffer[at:end], found, None if same else whole[:passed]))
                said, self._unread = whole[:passed], whole[passed:]
            else:
                out.append(self._shown_as(buffer[at:end], found, None))
            self._delivered.append(said)
            self._before = said[-1] if said else self._before
            self._provider.append(text)
            self._count += 1
            self._last = buffer[at:end]
            at = end
        return at, b"".join(out)

    def one(self, buffer: bytes, at: int, /) -> tuple[int, str]:
        """One event, whatever its text: where it ends, and its text; `at` if it is of another form."""
        event = self._event(buffer, at)
        if event is None:
            return at, ""
        end, text, self._found = event
        self._last = buffer[at:end]
        return end, text

    def written(self, text: str | None, /) -> bytes:
        """The event that `one` took as the caller gets it, with this text; None: its own. Raises ValueError."""
        if self._last is None or not self._found:
            raise ValueError("an event that `one` took expected")
        self._changed |= text is not None
        return self._shown_as(self._last, self._found, None if text is None else text.encode())

    def _event(self, buffer: bytes, at: int) -> tuple[int, str, list[bytes]] | None:
        if not 0 <= at <= len(buffer):
            raise ValueError("a place in the buffer expected")
        text = ""
        found: list[bytes] = []
        for place, literal in enumerate(self._came):
            if not buffer.startswith(literal, at):
                return None
            at += len(literal)
            if place == len(self._holes):
                break
            kind = self._holes[place : place + 1]
            match = {b"t": _STRING, b"s": _WORD}.get(kind, _NUMBER).match(buffer, at)
            if match is None or (kind in b"nq" and buffer[match.end() : match.end() + 1].isdigit()):
                return None
            if kind == b"t":
                try:
                    text = orjson.loads(b'"' + match.group() + b'"')
                except orjson.JSONDecodeError:
                    return None
                if buffer[match.end() : match.end() + 1] != b'"':
                    return None
            if kind == b"s" and not self._harmless(match.group()):
                return None
            found.append(match.group())
            at = match.end()
        return at, text, found

    def _harmless(self, word: bytes) -> bool:
        if len(word) > WORD:
            return False
        return self._automaton is None or len(word) < SHORTEST or not self._automaton.possible(word, -1)

    def _shown_as(self, event: bytes, found: Sequence[bytes], text: bytes | None) -> bytes:
        if text is None and self._came == self._shown and not self._shift:
            return event
        out = [self._shown[0]]
        for kind, piece, literal in zip(self._holes, found, self._shown[1:], strict=True):
            shown = piece
            if kind == ord("t") and text is not None:
                shown = orjson.dumps(text.decode())[1:-1]
            elif kind == ord("q"):
                shown = b"%d" % (int(piece) + self._shift)
            out += [shown, literal]
        return b"".join(out)
