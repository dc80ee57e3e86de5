"""A provider on a stage: plays one scripted reply after the other to whatever it is asked, and remembers each request.

Unlike the canned provider, whose behaviour a model's name chooses, the test itself decides here what comes next.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_790_000_000,
    "model": "staged",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "from the stage"}}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say: a status with header fields and a JSON body; `hang_up` closes the connection without a word."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    events: bytes = b""  # of a stream that then breaks off
    hang_up: bool = False
    wait_s: float = 0.0

    @property
    def content(self) -> bytes:
        if self.body is not None:
            return json.dumps(self.body).encode()
        if self.status < 400:
            return json.dumps(ANSWER).encode()
        return json.dumps({"error": {"message": f"staged {self.status}", "type": "staged", "code": None}}).encode()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


class Stage:
    """The server. `script` is played from its start; when it is empty every reply is a good answer."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.script: list[Reply] = []
        self.asked: list[Asked] = []
        self.by_key: dict[str, Reply] = {}  # for these keys always this reply
        self._lock = threading.Lock()
        stage = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                stage._play(self)

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def play(self, *replies: Reply | int) -> None:
        """Forgets what was, and plays these next."""
        with self._lock:
            self.script = [Reply(reply) if isinstance(reply, int) else reply for reply in replies]
            self.asked = []

    def _play(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        asked = Asked(handler.path, {name.lower(): value for name, value in handler.headers.items()}, body)
        with self._lock:
            self.asked.append(asked)
            reply = self.by_key.get(asked.key) or (self.script.pop(0) if self.script else Reply())
        time.sleep(reply.wait_s)
        if reply.hang_up:
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        handler.send_response_only(reply.status)
        if reply.events:
            handler.wfile.write(b"".join(handler._headers_buffer))
            handler._headers_buffer.clear()
            handler.wfile.write(b"content-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n" + reply.events)
            handler.close_connection = True
            return
        for name, value in ({"content-type": "application/json"} | reply.headers).items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(reply.content)))
        handler.end_headers()
        handler.wfile.write(reply.content)
