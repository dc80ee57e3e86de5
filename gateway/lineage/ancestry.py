"""Which earlier flows a call comes from, found by what it carries: no application has to say so.

Content is known by *names*: keyed hashes of whole texts and of long lines, another key for each tenant. What an answer
said is put into a table under its names; a request that carries one of them is the child of that flow. A request that
resends a conversation is the child of its latest turn. Where content says nothing, the caller's trace and session do.

A link says that equal content passed, not that one caused the other; of equal contents the latest flow counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import orjson

from gateway.flow import Flow, Part, PartKind
from gateway.lineage.table import LineageTable
from gateway.telemetry.spans import TRACEPARENT

if TYPE_CHECKING:
    from gateway.keyed_hash import KeyedHash
    from gateway.services import TenantKeys

SHORTEST = 32
"""UTF-8 bytes of a text below which it may well be said twice by chance."""
SHORTEST_LINE = 64
MOST_NAMES = 128
"""Of one message: a file of a thousand lines is known by its first ones."""
MOST_LINES = 512
"""Lines of a text that are looked at."""
LARGEST = 1_048_576
"""Characters of an answer whose content is remembered: a larger one is known by its conversation alone."""
MOST_PARENTS = 8
FURTHEST = 32
"""Messages that are looked at, from the end of a conversation."""
CONVERSATION = frozenset({"messages", "input", "contents"})
"""Fields in which the protocols keep the turns."""
SAID = frozenset({PartKind.TEXT, PartKind.TOOL_CALL, PartKind.TOOL_RESULT})
_LINE_NUMBER = re.compile(r"^\s*\d+[\t→|:]\s?")
"""What file viewers of agents put before a line."""


@dataclass(frozen=True, slots=True)
class Said:
    """One segment by its names: all of it in one, and its texts and long lines in many."""

    whole: bytes
    text: bytes  # its visible text alone, as an answer would have said it
    names: tuple[bytes, ...]


def said(parts: Iterable[Part], key: bytes) -> Said:
    """The names of one segment. Costs one hash a text; the verdict cache keeps it."""
    whole, text = blake2b(key=key, digest_size=16), blake2b(key=key, digest_size=16)
    names: list[bytes] = []
    for part in parts:
        if part.kind in SAID:
            data = part.text.strip().encode("utf-8", "replace")
            whole.update(b"%d:" % len(data) + data)
            if part.kind is PartKind.TEXT:
                text.update(data)
            if len(data) >= SHORTEST and len(names) < MOST_NAMES:
                names += names_of(part.text, key)
        elif part.kind not in _MOVED:
            whole.update(part.kind.encode())
    return Said(whole.digest(), text.digest(), tuple(dict.fromkeys(names))[:MOST_NAMES])


_MOVED = frozenset({PartKind.FIELD, PartKind.NAME, PartKind.NUMBER})
"""What clients move about in resent messages (cache marks, identifiers): no content of a conversation."""


def names_of(text: str, key: bytes) -> list[bytes]:
    """The names of a text: its own, and those of its long lines."""
    return [_name(key, piece) for piece in _pieces(text)]


def _pieces(text: str) -> Iterator[bytes]:
    data = text.strip().encode("utf-8", "replace")
    if len(data) >= SHORTEST:
        yield data
    start = 0
    for _ in range(MOST_LINES if "\n" in text else 0):
        end = text.find("\n", start)
        line = text[start:] if end < 0 else text[start:end]
        if len(line) * 4 >= SHORTEST_LINE:
            data = _LINE_NUMBER.sub("", line).strip().encode("utf-8", "replace")
            if len(data) >= SHORTEST_LINE:
                yield data
        if end < 0:
            return
        start = end + 1


def _name(key: bytes, *pieces: bytes) -> bytes:
    hashed = blake2b(key=key, digest_size=16)
    for piece in pieces:
        hashed.update(piece)
    return hashed.digest()


class Lineage:
    """Finds a flow's parents, and remembers what it said. Belongs to one worker; the table is everybody's."""

    def __init__(self, table: LineageTable, keys: TenantKeys) -> None:
        self._table = table
        self._keys = keys

    def key(self, tenant: str) -> bytes:
        return self._keys.get("lineage", tenant)

    def parents(self, flow: Flow) -> dict[str, str]:
        """Flows that this one comes from, each with what says so: declared, turn, content, span, trace or session."""
        found = dict.fromkeys(flow.parents, "declared")
        conversation = self._conversation(flow)
        if conversation is not None:
            self._by_content(conversation, found)
        if flow.session or b"traceparent" in flow.caller.headers:
            for by, name in _callers_own(flow, self.key(flow.who.tenant)):
                if found and by != "span":
                    break
                known = self._table.get(name)
                if known is not None:
                    found.setdefault(known, by)
        return found if len(found) <= MOST_PARENTS else dict(list(found.items())[:MOST_PARENTS])

    def _conversation(self, flow: Flow) -> Conversation | None:
        """The flow's conversation; one that came before byte for byte is read once. None where its names are not known."""
        known, request = flow.known, flow.request
        if flow.conversation is None and request is not None and len(flow.said) == len(request.segments):
            flow.conversation = known.conversation if known is not None else None
            if flow.conversation is None:
                turns = [
                    (segment.role, its)
                    for segment, its in zip(request.segments, flow.said, strict=True)
                    if segment.path and segment.path[0] in CONVERSATION
                ]
                carried = frozenset(name for its in flow.said for name in its.names)
                tenant = flow.who.tenant
                flow.conversation = Conversation(
                    turns, carried, self.key(tenant), self._keys.hash("lineage", tenant, 16)
                )
                if known is not None:
                    known.conversation = flow.conversation
        return flow.conversation

    def _by_content(self, conversation: Conversation, found: dict[str, str]) -> None:
        """From the latest message back to the latest turn that is known; what is before it was its own affair."""
        if conversation.unanswered is not None:  # no turn of it is known: all of its names are asked for at once
            for known in self._table.find(conversation.unanswered):
                found.setdefault(known, "content")
            return
        get, turns = self._table.get, conversation.turns
        for index in range(len(turns) - 1, max(-1, len(turns) - 1 - FURTHEST), -1):
            role, message = turns[index]
            if role == "assistant":
                turn = self._turn(conversation, index, message)
                if turn is not None:
                    found.setdefault(turn, "turn")
                    return
            else:
                for name in message.names:
                    parent = get(name)
                    if parent is not None:
                        found.setdefault(parent, "content")

    def _turn(self, conversation: Conversation, index: int, answer: Said) -> str | None:
        """The flow that gave this answer to what was asked; else that gave it anywhere; else that was asked this."""
        asked = conversation.asked[index]
        strong = self._table.get(conversation.hash.digest(asked, answer.text))
        if strong is not None:
            return strong
        given = [known for name in answer.names if (known := self._table.get(name)) is not None]
        return max(given) if given else self._table.get(asked)

    def remember(self, flow: Flow) -> None:
        """Puts what the flow's answer said, and what it was asked, under the flow. Once, after its last byte."""
        report, conversation = flow.report, self._conversation(flow)
        if report is None or not report.said or conversation is None:
            return
        asked, name = conversation.asked[-1], conversation.hash.digest
        said = report.said
        if len(said) == 1 and said[0][0] == "text" and "\n" not in said[0][1] and len(said[0][1]) <= LARGEST:
            data = said[0][1].strip().encode("utf-8", "replace")
            text = name(data)
            its = (
                (text,) if len(data) >= SHORTEST and text not in conversation.carried else ()
            )  # its own, and no line's
            wanted = [*its, asked, name(asked, text)]
        else:
            key = conversation.key
            small = said if sum([len(one) for _, one in said]) <= LARGEST else ()
            text = name("".join([one.strip() for kind, one in said if kind == "text"]).encode("utf-8", "replace"))
            names = {each for kind, one in small for piece in _texts(kind, one) for each in names_of(piece, key)}
            wanted = [*list(names - conversation.carried)[:MOST_NAMES], asked, name(asked, text)]
        if flow.session or b"traceparent" in flow.caller.headers:
            wanted += [each for _, each in _callers_own(flow, conversation.key, own=True)]
        self._table.put(wanted, flow.id)


class Conversation:
    """The messages of a request by role and names, and the names of what stands before each answer."""

    __slots__ = ("_asked", "carried", "hash", "key", "turns", "unanswered")

    def __init__(
        self, turns: Sequence[tuple[str, Said]], carried: frozenset[bytes], key: bytes, hashes: KeyedHash
    ) -> None:
        self.turns = turns
        self.carried = carried  # names of everything that the request holds
        self.key = key
        self.hash = hashes  # under the same key
        latest = turns[-FURTHEST:]
        self.unanswered: tuple[bytes, ...] | None = None  # names of a conversation without answers, the latest first
        if all(role != "assistant" for role, _ in latest):
            self.unanswered = tuple(name for _, message in reversed(latest) for name in message.names)
        self._asked: dict[int, bytes] | None = None

    @property
    def asked(self) -> dict[int, bytes]:
        """Names of what stands before each answer (by its index), and under -1 of all of it."""
        if self._asked is None:
            self._asked = _asked(self.turns, self.key)
        return self._asked


def _asked(conversation: Sequence[tuple[str, Said]], key: bytes) -> dict[int, bytes]:
    """Names of a conversation: of what stands before each answer (by its index), and under -1 of all of it."""
    hashed, names = blake2b(b"asked", key=key, digest_size=16), {}
    for index, (role, message) in enumerate(conversation):
        if role == "assistant":
            names[index] = hashed.digest()
        hashed.update(role.encode() + b"\0" + message.whole)
    names[-1] = hashed.digest()
    return names


def _texts(kind: str, text: str) -> Iterator[str]:
    """A text itself; of a tool call's arguments also every string in them."""
    yield text
    if kind == "tool":
        try:
            yield from _strings(orjson.loads(text))
        except (orjson.JSONDecodeError, UnicodeEncodeError, RecursionError):
            return


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


def _callers_own(flow: Flow, key: bytes, *, own: bool = False) -> Iterator[tuple[str, bytes]]:
    """Names of what the caller says of itself: the span above it (or its own), its trace, its session."""
    match = TRACEPARENT.fullmatch(flow.caller.header(b"traceparent"))
    if match is not None:
        span = flow.trace.span_id if own else match[2]
        yield "span", _name(key, b"span", match[1].encode(), span.encode())
        yield "trace", _name(key, b"trace", match[1].encode())
    if flow.session:
        who = flow.who
        yield "session", _name(key, b"session", f"{who.application}\0{who.user}\0{flow.session}".encode())
