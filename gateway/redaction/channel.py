"""One text of an answer as it streams: guarded, then restored. What comes out depends on the whole text only.

The guard reads what the provider wrote. Text goes on once no guarded match can begin in it or reach into it any more;
a match that is not allowed ends the channel at the match's first character. Then placeholders that the request carried
become values again; at most one possible placeholder is held back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from gateway.flow import Span
from gateway.protocols.json_offsets import escape, unescape
from gateway.redaction.escaped import Guard, context_of, held_from, matches, reaching_out, read_escaped
from gateway.redaction.names_guard import NamesGate, NamesGuard
from gateway.redaction.placeholder import CLOSE, OPEN, Restorable

_WHOLE = re.compile(r"(?:⟦|(\\{1,16})u27[eE]6)([A-Z][A-Z0-9_]{0,63}_[0-9a-f]{16})(?:⟧|\\{1,16}u27[eE]7)")
_TAIL = re.compile(
    r"(?:(?:⟦|\\{1,16}u27[eE]6)(?:[A-Z][A-Z0-9_a-f]{0,80}(?:\\{1,16}(?:u(?:2(?:7[eE]?)?)?)?)?)?"
    r"|\\{1,16}(?:u(?:2(?:7[eE]?)?)?)?)\Z"
)
_PLAIN_TAIL = re.compile(r"⟦(?:[A-Z][A-Z0-9_a-f]{0,80})?\Z")


class Rules(NamedTuple):
    """What one call's answer is held to. `allowed(label, value)`: values the request itself carried in clear.

    `names`: text goes on only as inspectors have read it. `scout`: it is only asked what they should read.
    """

    placeholders: Mapping[str, Restorable] = MappingProxyType({})
    guard: Guard | None = None
    allowed: Callable[[str, str], bool] = lambda _label, _value: False
    names: NamesGuard | None = None
    scout: bool = False


class TextChannel:
    """Feed the fragments of one text in order; `finish` gives what was held. `json`: the text is a JSON document."""

    __slots__ = (
        "_context",
        "_gate",
        "_held",
        "_raw",
        "_rules",
        "_unread",
        "delivered",
        "json",
        "provider",
        "restores",
        "stopped",
    )

    def __init__(self, rules: Rules, *, restore: bool = True, json: bool = False) -> None:
        self._rules = rules
        self.restores = restore and bool(rules.placeholders)
        self.json = json
        self._gate = None if rules.names is None else NamesGate(rules.names, json=json, scout=rules.scout)
        self._unread = ""  # provider's text not yet passed by the guard
        self._context = ""
        self._held = ""  # passed by the guard, may begin a placeholder
        self._raw: list[str] = []  # passed by the guard and by restoration: the provider's text so far
        self.provider: list[str] = []
        self.delivered: list[str] = []
        self.stopped: str | None = None

    def push(self, text: str) -> str:
        """What may be delivered now."""
        self.provider.append(text)
        if self.stopped is not None:
            return ""
        if self._gate is not None:
            text = self._guarded(self._gate, self._gate.push(text), last=False)
        elif self._rules.guard is not None:
            text = self._pass_guard(text, last=False)
        out = self._restored(text, last=False)
        self.delivered.append(out)
        return out

    @property
    def clear(self) -> str | None:
        """What the guard holds, if it alone holds something and no escape matters: then fragments may come many at once."""
        unread = self._unread
        if self._held or self._gate is not None or self.stopped is not None:
            return None
        if self.json and ("\\" in unread or "\\" in self._context):
            return None
        return None if self.restores and OPEN in unread else unread

    @property
    def last_byte(self) -> int:
        """The last byte of what the guard has passed; -1: nothing yet."""
        return self._context.encode()[-1] if self._context else -1

    def passed(self, provider: str, delivered: str, held: str) -> None:
        """Several fragments at once that others have guarded, what went on of them, and what is held back now.

        Only while the channel is `clear`, and for fragments in which no placeholder begins.
        """
        if self._rules.guard is not None:
            self._unread = held
            if delivered:
                self._context = context_of(self._context + delivered)
        self.provider.append(provider)
        self.delivered.append(delivered)
        if self.restores:
            self._raw.append(delivered)

    def whole(self, text: str) -> str:
        """What may be delivered of a text that came whole: as `push` and `finish` say it, in one look."""
        if self._gate is not None:
            return self.push(text) + self.finish()
        self.provider.append(text)
        if self._rules.guard is not None:
            text = self._pass_guard(text, last=True)
        out = self._restored(text, last=True) if self.restores else text
        self.delivered.append(out)
        return out

    def finish(self) -> str:
        """What was held, once no more text comes. A second call gives nothing."""
        if self.stopped is not None:
            return ""
        if self._gate is not None:
            text = self._guarded(self._gate, self._gate.finish(), last=True)
        else:
            text = self._pass_guard("", last=True) if self._unread else ""
        out = self._restored(text, last=True)
        self.delivered.append(out)
        return out

    @property
    def pending(self) -> bool:
        return bool(self._unread or self._held or (self._gate is not None and self._gate.pending))

    def _guarded(self, gate: NamesGate, text: str, *, last: bool) -> str:
        """What passed the gate, through the guard. Where the gate stopped, the text ends."""
        if self._rules.guard is not None:
            text = self._pass_guard(text, last=last or gate.stopped is not None)
        self.stopped = self.stopped or gate.stopped
        if self.stopped is not None:
            gate.end_answer()
        return text

    def _pass_guard(self, text: str, *, last: bool) -> str:
        guard = self._rules.guard
        assert guard is not None
        self._unread = unread = self._unread + text
        if self.json and ("\\" in unread or "\\" in self._context):
            final, spans = read_escaped(guard, unread, self._context)
        else:
            spans = matches(guard, unread, self._context)
            final = 0 if last else held_from(guard, unread)
        if last:
            final = len(unread)
        for span in sorted(spans, key=_start) if spans else ():
            if span.end > final:
                # It may still grow, or turn out to be none: nothing of it goes on.
                final = min(final, span.start)
                break
            stops = self._stopping(guard, unread, span)
            if stops is not None:
                self.stopped = stops.label
                self._unread = ""
                return unread[: min(stops.start, final)]
        passed, self._unread = unread[:final], unread[final:]
        if passed:
            self._context = context_of(self._context + passed)
        return passed

    def _stopping(self, guard: Guard, text: str, span: Span) -> Span | None:
        """What ends the text of this match and of those it has won over, in the order of their starts."""
        allowed = self._rules.allowed
        if not allowed(span.label, text[span.start : span.end]):
            return span
        others = reaching_out(guard, text, span)
        return next((each for each in others if not allowed(each.label, text[each.start : each.end])), None)

    def _restored(self, text: str, *, last: bool) -> str:
        """Placeholders of `text` replaced. A stopped channel is at its end, too."""
        if not self.restores:
            return text
        if self._held:
            text, self._held = self._held + text, ""
        last = last or self.stopped is not None
        if OPEN not in text and not (self.json and "\\" in text):
            self._raw.append(text)
            return text
        if not last:
            tail = (_TAIL if self.json else _PLAIN_TAIL).search(text)
            if tail:
                text, self._held = text[: tail.start()], text[tail.start() :]
        out: list[str] = []
        at = 0
        for match in _WHOLE.finditer(text):
            known = self._rules.placeholders.get(f"{OPEN}{match.group(2)}{CLOSE}")
            if known is None:
                continue
            # Of n backslashes before `u27e6` the lowest set bit of n belongs to this escape, the others stand before it.
            slashes = len(match.group(1) or "")
            start = match.start() + slashes - (slashes & -slashes)
            out.append(text[at:start])
            self._raw.append(text[at:start])
            out.append(self._escaped(known.value))
            self._raw.append(text[start : match.end()])
            at = match.end()
        out.append(text[at:])
        self._raw.append(text[at:])
        return "".join(out)

    def _escaped(self, value: str) -> str:
        """`value` as it must stand here: escaped once for each JSON string that is open at this point of the text."""
        once = escape(value)
        if once == value:
            return value
        before = "".join(self._raw)
        if not self.json and _JSON_START.match(before) is None:
            return value
        for _ in range(open_strings(before)):
            value = escape(value)
        return value


def _start(span: Span) -> int:
    return span.start


_JSON_START = re.compile(r"\s*(?:\{\s*\"|\[\s*[\"\[{])")
"""A text that begins like this is taken for JSON. Only a stream's future could tell for sure."""
_QUOTE = re.compile(r'\\.|"', re.DOTALL)


def open_strings(text: str) -> int:
    """How many JSON strings are open, one in another, at the end of this beginning of a JSON text."""
    start = -1
    for match in _QUOTE.finditer(text):
        if match.group() == '"':
            start = match.end() if start < 0 else -1
    if start < 0:
        return 0
    raw = text[start:]
    if "\\" not in raw:
        return 1
    try:
        inner = unescape(raw)
    except ValueError:
        return 1
    return 1 + open_strings(inner) if _JSON_START.match(inner) else 1
