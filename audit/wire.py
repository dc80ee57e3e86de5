"""How data workers and the log writer talk over their Unix socket: length-prefixed binary frames.

A frame is a big-endian u32 length, one type byte and a body. Many frames travel in one write: senders gather what one
turn of the event loop produces. An append carries its leaf ready for storage, so the writer parses only a small head.
"""

from __future__ import annotations

import asyncio
import base64
import struct
from array import array
from collections.abc import Collection, Mapping
from enum import IntEnum
from typing import Any

import orjson

from audit.errors import LogUnavailable
from audit.record import SealedLeaf

MAX_FRAME = 64 * 1024 * 1024
_HEAD = struct.Struct(">IB")
_APPEND = struct.Struct(">QIIII")
_WHOLE = struct.Struct(">IBQIIII")  # a frame's head and an append's


class Frame(IntEnum):
    """Types of frames, worker to writer (1-9) and back (10-)."""

    HELLO = 1  # {"writer"}
    APPEND = 2
    RESERVE = 3  # {"id", "flow", "tenant", "uses", "now_us"}
    RELEASE = 4  # {"flow"}
    BYE = 5
    WELCOME = 10  # {"epoch"}
    ACKS = 11  # pairs of n, index: durable
    REFUSED = 12  # {"n" or "id", "reason"}
    STATES = 13  # {"id", "states"}


APPEND = int(Frame.APPEND)


def pack(kind: Frame, body: bytes) -> bytes:
    """One frame."""
    return _HEAD.pack(len(body) + 1, kind) + body


def pack_json(kind: Frame, value: Any) -> bytes:
    """One frame with a JSON body."""
    return pack(kind, orjson.dumps(value))


def pack_append(
    n: int, leaf: SealedLeaf, keys: list[list[str]], reservation: str, keep: Mapping[str, Collection[str]] | None
) -> bytes:
    """An append: stream position, JSON head, then the four blobs of the leaf."""
    kind, flow, flows, time_us, entry, disclosed, sealed, content, row, _ = leaf
    head = orjson.dumps([kind._value_, flow, flows, time_us, row, keys, reservation, kept_json(keep)])
    size = 1 + _APPEND.size + len(head) + len(entry) + len(disclosed) + len(sealed) + len(content)
    sizes = _WHOLE.pack(size, APPEND, n, len(head), len(entry), len(disclosed), len(sealed))
    return b"".join((sizes, head, entry, disclosed, sealed, content))


def kept_json(keep: Mapping[str, Collection[str]] | None) -> dict[str, list[str]] | None:
    """What is kept of a reservation, as an append's head says it."""
    return {counter: list(subjects) for counter, subjects in keep.items()} if keep else None


def unpack_append(body: bytes) -> tuple[int, list[Any], bytes, bytes, bytes, bytes]:
    """n, head, entry, disclosed, sealed, content; ValueError when the lengths are not those of a body like this."""
    if len(body) < _APPEND.size:
        raise ValueError("an append without its lengths")
    n, head, entry, disclosed, sealed = _APPEND.unpack_from(body)
    a = _APPEND.size + head
    b = a + entry
    c = b + disclosed
    d = c + sealed
    if d > len(body):
        raise ValueError("lengths beyond an append's end")
    return n, orjson.loads(body[_APPEND.size : a]), body[a:b], body[b:c], body[c:d], body[d:]


def pack_key(id_: bytes, tenant: str, user: str, wrapped: bytes) -> list[str]:
    """A wrapped user key as it stands in an append's head."""
    return [id_.hex(), tenant, user, base64.b64encode(wrapped).decode()]


def unpack_key(item: list[str]) -> tuple[bytes, str, str, bytes]:
    """The row of `user_key`."""
    return bytes.fromhex(item[0]), item[1], item[2], base64.b64decode(item[3])


def pack_acks(pairs: list[int]) -> bytes:
    """n, index, n, index, ... in the machine's own byte order: both ends are on this machine."""
    return pack(Frame.ACKS, array("Q", pairs).tobytes())


def unpack_acks(body: bytes) -> array[int]:
    """The inverse of `pack_acks`."""
    pairs = array("Q")
    pairs.frombytes(body)
    return pairs


class FrameProtocol(asyncio.Protocol):
    """Cuts what arrives into frames, and gathers what is sent into one write per turn of the loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._outgoing: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        buffer = self._received + data if self._received else bytes(data)
        at, end = self.many_received(buffer, 0), len(buffer)
        while end - at >= _HEAD.size:
            length, kind = _HEAD.unpack_from(buffer, at)
            if length > MAX_FRAME or length < 1:
                self.broken("frame of impossible length")
                return
            if end - at < 4 + length:
                break
            self.frame_received(kind, buffer[at + _HEAD.size : at + 4 + length])
            at = self.many_received(buffer, at + 4 + length)
        self._received = buffer[at:] if at else buffer

    def many_received(self, buffer: bytes, at: int) -> int:
        """A frame may begin at `at`. Whoever can take many at once does, and says where the next one stands."""
        return at

    def frame_received(self, kind: int, body: bytes) -> None:
        """One whole frame has arrived."""
        raise NotImplementedError

    def broken(self, reason: str) -> None:
        """The other end does not keep the protocol: nothing it says counts any more."""
        if self._transport is not None:
            self._transport.abort()

    def send(self, frame: bytes) -> None:
        """Send with everything else of this turn of the loop."""
        if self._transport is None or self._transport.is_closing():
            raise LogUnavailable("the connection to the log writer is closed")
        if not self._outgoing:
            self._loop.call_soon(self.flush)
        self._outgoing.append(frame)

    def flush(self) -> None:
        """Write what was gathered."""
        if self._outgoing and self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._outgoing))
        self._outgoing = []
