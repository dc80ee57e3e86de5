"""The message as a whole at the end of a stream of chat completions, as MiniMax says it beside all its pieces.

Whoever reads it reads what the pieces said: restored, guarded, and with our label.
"""

from __future__ import annotations

from typing import Any

from gateway.protocols.answer import Channels
from gateway.protocols.openai_vocabulary import NO_TEXT, VISIBLE
from gateway.redaction.channel import TextChannel


def open_unsaid(channels: Channels, index: int, message: dict[str, Any]) -> None:
    """Channels for texts of a choice that no piece has said before: they are judged, labelled and counted too."""
    for name in _texts_of(message):
        if channels.get((index, name)) is None and not channels.stopped():
            kind = "text" if name in VISIBLE else "reasoning"
            channels.report.stopped = channels.once((index, name), kind, message[name]).stopped


def say_again(channels: Channels, index: int, message: dict[str, Any], label: str) -> bool:
    """Puts into the message what its pieces have said, with the label that followed them. True if it has changed."""
    changed = False
    for name in _texts_of(message):
        channel = channels.get((index, name))
        if channel is None or channel.pending or "".join(channel.provider) != message[name]:
            channel = TextChannel(channels.rules)  # it says something else now
            channel.whole(message[name])
            channels.report.stopped = channels.report.stopped or channel.stopped
        said = "".join(channel.delivered) + (label if name == "content" else "")
        changed |= said != message[name]
        message[name] = said
    return changed


def _texts_of(message: dict[str, Any]) -> list[str]:
    """Under which names it says something."""
    return [name for name, value in message.items() if type(value) is str and value and name not in NO_TEXT]
