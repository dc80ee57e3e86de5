"""One HTTP/1.1 connection of an operator: the data plane's limits on what a client may keep waiting, our errors."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from gateway.control.problems import body_of
from gateway.errors import LexgateError
from gateway.ingress.connection import Connection
from gateway.settings import Limits

HEADER_BYTES, HEADER_COUNT = 32_768, 64


def limited(header_seconds: float, body_seconds: float) -> type[HttpToolsProtocol]:
    """The protocol class for uvicorn. Seconds are for all headers, and for a whole body, to arrive."""
    limits = Limits(
        header_bytes=HEADER_BYTES, header_count=HEADER_COUNT, header_seconds=header_seconds, body_seconds=body_seconds
    )
    return type("ControlConnection", (_ControlConnection,), {"limits": limits})


class _ControlConnection(Connection):
    def _refuse(self, error: LexgateError) -> None:
        """Answer in our shape and close; a request that waits for the rest of its body sees a disconnect."""
        self._refusal = error
        self._arm("")
        if not self.transport.is_closing():
            body = body_of(error)
            head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            self.transport.write(STATUS_LINE[error.status] + head + body)
            self.transport.close()
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
