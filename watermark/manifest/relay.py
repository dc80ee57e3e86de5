"""A time-stamp authority within bounds: c2pa-rs asks it without a time-out, so it asks this instead.

For one signature, a loopback server forwards one RFC 3161 request (HTTP transport, RFC 3161 §3.4) to the authority and
gives up after a few seconds or 64 KB. Redirects are not followed.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
TIMEOUT_S = 5.0
_LARGEST = 65_536


@contextmanager
def bounded(authority: str) -> Iterator[str]:
    """The address under which the authority is reachable within bounds, while this lasts."""

    class Relay(BaseHTTPRequestHandler):
        timeout = TIMEOUT_S

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            reply = ask(authority, self.rfile.read(length)) if 0 < length <= _LARGEST else None
            self.send_response(200 if reply else 502)
            self.send_header("content-type", REPLY)
            self.send_header("content-length", str(len(reply or b"")))
            self.end_headers()
            self.wfile.write(reply or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it
            """Nothing: requests are no news."""

    server = HTTPServer(("127.0.0.1", 0), Relay)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def ask(authority: str, query: bytes) -> bytes | None:
    """The authority's reply (DER), or None when it gives none in time."""
    try:
        parts = urlsplit(authority)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host:
        return None
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port, timeout=TIMEOUT_S)
    try:
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        connection.request("POST", path, query, {"content-type": QUERY})
        return _reply(connection.getresponse(), time.monotonic() + TIMEOUT_S)
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _reply(response: http.client.HTTPResponse, deadline: float) -> bytes | None:
    body = b""
    while response.status == 200 and (piece := response.read1(8192)):
        body += piece
        if len(body) > _LARGEST or time.monotonic() > deadline:
            return None
    return body or None
