"""The oracle of `native/pipe.h`, and what runs where it was not built. See `pipe`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sized
from typing import Protocol

from gateway.protocols.plain_run_python import Lane

MOST, WAITING = 65_536, 16_384
"""Bytes of one read; bytes that wait to be digested."""
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,6})\r\n")


class Caller(Protocol):
    """Who is sent something: an exchange on a connection."""

    @property
    def disconnected(self) -> bool: ...


class Flow(Protocol):
    """Whether a connection takes more."""

    @property
    def write_paused(self) -> bool: ...


class Transport(Protocol):
    """What was written before and has not been sent: nothing may overtake it."""

    @property
    def pending(self) -> Sized: ...


class Pipe:
    """Closed until `open`. It sends by `write`, in chunks of HTTP of its own."""

    __slots__ = ("_caller", "_delivered", "_flow", "_lane", "_received", "_transport", "_write", "heard")

    def __init__(self, caller: Caller, flow: Flow, transport: Transport, write: Callable[[bytes], object], /) -> None:
        self._caller, self._flow, self._transport, self._write = caller, flow, transport, write
        self._lane: Lane | None = None
        self._received = self._delivered = b""
        self.heard = 0.0  # when something went through last; seconds of the monotonic clock

    def open(self, lane: Lane | None, /) -> None:
        """The next chunks go through this lane; None closes."""
        self._lane = lane

    def take(self, data: bytes, /) -> int:
        """So many bytes of these, which begin with a chunk of HTTP, went on; the others are as they were.

        Raises what sending raises.
        """
        lane, at = self._lane, 0
        if lane is None or not lane.inside or len(data) > MOST or len(self._received) > WAITING:
            return 0
        if self._caller.disconnected or self._flow.write_paused or self._transport.pending:
            return 0
        out = b""
        while len(out) <= MOST and (size := _SIZE.match(data, at)) is not None:
            end = size.end() + int(size[1], 16)
            if end == size.end() or data[end : end + 2] != b"\r\n":
                break
            content = data[size.end() : end]
            events = lane.whole(content)
            if events is None:
                break
            self._received += content
            out += events
            at = end + 2
        if at:
            self.heard = time.monotonic()
        if out:
            self._delivered += out
            self._write(b"%x\r\n%b\r\n" % (len(out), out))
        return at

    def passed(self) -> tuple[bytes, bytes]:
        """The content received and the content delivered since the last call."""
        told = self._received, self._delivered
        self._received = self._delivered = b""
        return told
