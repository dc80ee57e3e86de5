"""The sockets of an inspector's callers: non-blocking, read by whichever thread has time for it.

The thread that runs methods reads them itself before each call: to be woken by another thread costs as much as a short
text. Where a step of its work is long, the process's other thread reads in its place (`gateway.inspection.service`).
So everything here may be called by any thread; one lock makes them take turns.
"""

from __future__ import annotations

import logging
import os
import select
import socket as sockets
import threading
from collections.abc import Callable
from typing import Any

from gateway.inspection.frames import FrameError, Unpacker

_READ = 65_536
"""Bytes read at once: below what malloc takes from the kernel anew each time."""
_READS = 64
"""So often in a row, where one caller has much to say."""

_log = logging.getLogger(__name__)


class Connection:
    """One caller's. `gone` once nobody waits for its answers any more."""

    def __init__(self, socket: sockets.socket) -> None:
        self.socket = socket
        self.fd = socket.fileno()
        self.unpacker = Unpacker()
        self.behind = bytearray()  # what the socket had no room for
        self.gone = False


class Connections:
    """All callers of one inspector. `take`: called with each message that has come; what it raises hangs up its caller."""

    def __init__(self, take: Callable[[Connection, Any], None]) -> None:
        self._take = take
        self._lock = threading.RLock()  # a message that is refused is answered while it is taken
        self._open: dict[int, Connection] = {}
        self._closed = False
        self._poll = select.epoll()
        self._awake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll.register(self._awake, select.EPOLLIN)

    def add(self, socket: sockets.socket) -> None:
        """A new caller."""
        socket.setblocking(False)
        with self._lock:
            connection = Connection(socket)
            self._open[connection.fd] = connection
            self._poll.register(connection.fd, select.EPOLLIN)

    def serve(self, seconds: float | None) -> None:
        """Read what has come and send what is left to send; wait for it for so many seconds at most (None: for ever)."""
        for fd, _ in self._poll.poll(seconds):
            with self._lock:
                if (connection := self._open.get(fd)) is not None:  # else we were woken, or another thread hung up
                    if connection.behind:
                        self._send_rest(connection)
                    if not connection.behind and not connection.gone:
                        self._read(connection)

    def wake(self) -> None:
        """Make a thread that waits in `serve` come back, now and whenever it would wait."""
        with self._lock:
            if not self._closed:  # else its number may be another file's
                os.eventfd_write(self._awake, 1)

    def answer(self, connection: Connection, frame: bytes) -> None:
        """Send; a caller that left gets nothing. What there is no room for now is sent by `serve`.

        Until it is, that caller is not read: who takes no answers cannot fill our memory with them.
        """
        with self._lock:
            if connection.gone:
                return
            if not connection.behind:
                sent = self._sent(connection, frame)
                if sent == len(frame) or connection.gone:
                    return
                frame = frame[sent:]
                self._poll.modify(connection.fd, select.EPOLLOUT)
            connection.behind += frame

    @property
    def behind(self) -> bool:
        """Whether a caller has yet to be sent something."""
        with self._lock:
            return any(connection.behind for connection in self._open.values())

    def hang_up(self) -> None:
        """Close all connections."""
        with self._lock:
            for connection in tuple(self._open.values()):
                self._drop(connection)

    def close(self) -> None:
        """Once no thread serves any more."""
        with self._lock:
            self.hang_up()
            self._closed = True
            self._poll.close()
            os.close(self._awake)

    def _read(self, connection: Connection) -> None:
        try:
            for _ in range(_READS):
                data = connection.socket.recv(_READ)
                for message in connection.unpacker.feed(data):
                    self._take(connection, message)
                if not data:
                    break
                if len(data) < _READ or connection.gone or connection.behind:
                    return
            else:
                return  # others first
        except BlockingIOError:
            return
        except (FrameError, TypeError, ValueError) as problem:
            _log.error("inspection connection closed: %s", type(problem).__name__)
        except OSError:  # reset by its caller
            pass
        self._drop(connection)

    def _send_rest(self, connection: Connection) -> None:
        del connection.behind[: self._sent(connection, connection.behind)]
        if not connection.behind and not connection.gone:
            self._poll.modify(connection.fd, select.EPOLLIN)

    def _sent(self, connection: Connection, data: bytes | bytearray) -> int:
        """How much of it there was room for."""
        try:
            return connection.socket.send(data)
        except BlockingIOError:
            return 0
        except OSError:  # it left
            self._drop(connection)
            return 0

    def _drop(self, connection: Connection) -> None:
        if connection.gone:
            return
        connection.gone, connection.behind = True, bytearray()
        del self._open[connection.fd]
        self._poll.unregister(connection.fd)
        connection.socket.close()
