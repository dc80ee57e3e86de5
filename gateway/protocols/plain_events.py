"""A stream's events of one form: what was looked at in one of them is not looked at again in the next.

The deltas of a streamed text differ in that text alone. Once an event of a form has gone through every check, the next
one of the same bytes around its text has only that text to be guarded and restored. Many at once cost hardly more than
one; what comes out is the same, byte for byte, as one event at a time gives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson

from gateway.protocols.plain_run import run
from gateway.protocols.sse import read_event
from gateway.redaction.channel import TextChannel

MOST: Final = 1 << 30
PROBE: Final = "a text of another event"
_PROBE = orjson.dumps(PROBE)


class Form:
    """The bytes around the text of an event: as they come, and as the caller gets them."""

    __slots__ = ("before", "behind", "prefix", "suffix")

    def __init__(self, probe: bytes, shown: bytes) -> None:
        """`probe`: an event of the form with PROBE as its text; `shown`: as the caller gets it. Raises ValueError if PROBE does not stand in each once."""
        prefix, suffix = probe.split(_PROBE)
        self.before, self.behind = shown.split(_PROBE)
        self.prefix, self.suffix = prefix + b'"', b'"' + suffix

    def written(self, text: str) -> bytes:
        """The event with this text, as the caller gets it."""
        return self.before + orjson.dumps(text) + self.behind


def probe_of(raw: bytes, tree: dict[str, Any], holder: dict[str, Any], field: str) -> bytes | None:
    """An event's bytes with PROBE in place of the text `holder[field]`, which stands somewhere in its JSON, `tree`.

    None where the text is written in another way than between the quotes behind its key, with at most one space.
    """
    text = holder[field]
    written, key = orjson.dumps(text), orjson.dumps(field)
    holder[field] = PROBE
    try:
        for between in (b":", b": "):
            mark = key + between + written
            at = raw.find(mark)
            while at >= 0:
                probe = raw[:at] + key + between + _PROBE + raw[at + len(mark) :]
                data = read_event(probe).data
                if data is not None and orjson.loads(data) == tree:
                    return probe
                at = raw.find(mark, at + 1)
    except orjson.JSONDecodeError:
        return None
    finally:
        holder[field] = text
    return None


class PlainEvents:
    """Events of one form, and the channel of their texts."""

    __slots__ = ("_channel", "_form", "_table", "end")

    def __init__(self, form: Form, channel: TextChannel, table: bytes | None, end: Callable[[], bytes]) -> None:
        """`table`: see `plain_run`; None where nothing is guarded. `end`: what the caller gets once the guard has stopped."""
        self.end = end
        self._form = form
        self._channel = channel
        self._table = table

    @property
    def stopped(self) -> str | None:
        """The label of what the guard has stopped at."""
        return self._channel.stopped

    def take(self, buffer: bytes, at: int, out: list[bytes]) -> int:
        """Appends to `out` the events from `at` on as they go on, as many as are of this form; where it ended."""
        channel, form, joined = self._channel, self._form, True
        pre, suf, before, behind = form.prefix, form.suffix, form.before + b'"', b'"' + form.behind
        while channel.stopped is None:
            if joined and channel.clear:
                held = channel.held.encode()
                end, count, text, events, rest = run(
                    buffer, at, pre, suf, before, behind, self._table, channel.restores, held, MOST
                )
                joined = not count or channel.passed(text, rest)  # where something is guarded: one event at a time
                if count and joined:
                    out.append(events)
                    at = end
            end, count, text, events, _ = run(buffer, at, pre, suf, before, behind, None, False, b"", 1)
            if not count:
                break
            new = channel.push(text) if text else ""
            out.append(events if new == text else form.written(new))
            at = end
        return at
