"""The wire between data workers and inspectors: frames of four bytes length (big-endian) and a JSON body.

Request: `[id, method, payload, deadline, tenant]`, the deadline in seconds of the monotonic clock, which all processes of a
machine share: a call that lies unread grows old, too. Answer: `[id, true, result]` or `[id, false, reason]`; a reason
names a kind of failure and never holds content.
"""

from __future__ import annotations

import struct
from typing import Any

import orjson

MAX_FRAME = 256 * 1024 * 1024
"""Bytes; a longer frame is a broken peer (bodies of calls are bounded far below)."""

_LENGTH = struct.Struct(">I")


class FrameError(Exception):
    """The peer does not speak this protocol; the connection is of no more use."""


def pack(message: Any) -> bytes:
    """One frame. Raises FrameError for what JSON cannot carry (a lone surrogate, a set)."""
    try:
        body = orjson.dumps(message)
    except orjson.JSONEncodeError as problem:
        raise FrameError("not representable as JSON") from problem
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Bytes in any cut to messages. A frame that arrives whole is not copied."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Any]:
        """All messages that are complete now. Raises FrameError."""
        if self._rest:
            self._rest += data
            if not self._complete():
                return []
            data, self._rest = bytes(self._rest), bytearray()
        messages, at, end = [], 0, len(data)
        while end - at >= 4:
            (length,) = _LENGTH.unpack_from(data, at)
            if length > MAX_FRAME:
                raise FrameError("frame too long")
            if end - at - 4 < length:
                break
            try:
                messages.append(orjson.loads(memoryview(data)[at + 4 : at + 4 + length]))
            except orjson.JSONDecodeError as problem:
                raise FrameError("not JSON") from problem
            at += 4 + length
        if at < end:
            self._rest += data[at:]
        return messages

    def _complete(self) -> bool:
        """Whether the first frame is whole, or cannot be: big frames arrive in many pieces, looked at once each."""
        if len(self._rest) < 4:
            return False
        length: int = _LENGTH.unpack_from(self._rest)[0]
        return length > MAX_FRAME or len(self._rest) - 4 >= length
