"""Citations of OpenAI's answers say where in the text they stand; when values are back in it, they stand elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.flow import Path
from gateway.redaction.channel import Rules, TextChannel
from gateway.redaction.placeholder import OPEN

_OFFSETS = ("start_index", "end_index")  # in characters


def moved(annotations: Any, channel: TextChannel | None, rules: Rules, text: str = "") -> Iterator[tuple[Path, int]]:
    """Offsets of citations that count in a channel's text, or in `text`, as they count in what the caller reads of it.

    Puts them in place, and yields each that has changed with its path below `annotations`: those of one text, or one of them.
    """
    if channel is None or not channel.restores:
        return
    text = text or "".join(channel.provider)
    if OPEN not in text:
        return
    for path, holder in _holders(annotations):
        for name in _OFFSETS:
            offset = holder.get(name)
            if type(offset) is int and offset >= 0:
                new = _restored_length(text[:offset], channel, rules) + max(0, offset - len(text))
                if new != offset:
                    holder[name] = new
                    yield (*path, name), new


def _holders(annotations: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    """What has the offsets: an annotation of Responses itself, in chats an object under the name of its type."""
    if type(annotations) is list:
        for index, one in enumerate(annotations):
            yield from (((index, *path), holder) for path, holder in _holders(one))
    elif type(annotations) is dict:
        yield (), annotations
        inner = annotations.get("url_citation")
        if type(inner) is dict:
            yield ("url_citation",), inner


def _restored_length(text: str, channel: TextChannel, rules: Rules) -> int:
    again = TextChannel(Rules(rules.placeholders), json=channel.json)
    return len(again.whole(text))
