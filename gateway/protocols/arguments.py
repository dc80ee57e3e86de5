"""Arguments of a tool call that come as one JSON object: each string and key of it through a channel of its own."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from gateway.flow import Path
from gateway.protocols.answer import Channels


def pass_object(
    channels: Channels, holder: Any, key: Any, path: Path, texts: dict[Path, str], *, restore: bool, turn: Hashable = 0
) -> bool:
    """Guard and restore `holder[key]` in place; `texts`: what has changed, by path. True if an object key changed.

    `turn` parts arguments at the same path of different events.
    """
    value = holder[key]
    if type(value) is str:
        holder[key] = _text(channels, value, (turn, *path), restore=restore)
        if holder[key] != value:
            texts[path] = holder[key]
        return False
    if type(value) is list:
        return _any(
            [pass_object(channels, value, i, (*path, i), texts, restore=restore, turn=turn) for i in range(len(value))]
        )
    if type(value) is not dict:
        return False
    changed = _any(
        [pass_object(channels, value, k, (*path, k), texts, restore=restore, turn=turn) for k in list(value)]
    )
    names = {k: _text(channels, k, (turn, *path, k, ""), restore=restore) for k in value}
    if all(old == new for old, new in names.items()):
        return changed
    holder[key] = {names[k]: item for k, item in value.items()}
    return True


def _any(flags: list[bool]) -> bool:
    """`any` over a list, so that every item is done."""
    return any(flags)


def _text(channels: Channels, text: str, key: Hashable, *, restore: bool) -> str:
    if channels.stopped():
        return ""
    channel = channels.once(key, "tool", text, restore=restore)
    channels.report.stopped = channel.stopped
    return "".join(channel.delivered)
