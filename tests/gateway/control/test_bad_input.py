"""What hostile or broken clients send: always a 4xx in our shape, never a 5xx, and the server lives on."""

from __future__ import annotations

import socket

import httpx
import pytest

from gateway.control.operators import Role
from tests.gateway.control.parts import KEYS, deps, serving

KEY = f"Authorization: Bearer {KEYS[Role.SECURITY]}\r\n"
JSON = "Content-Type: application/json\r\n"


def raw(url: str, data: bytes) -> bytes:
    """The whole answer to raw bytes; the connection is half-closed after them."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as wire:
        wire.sendall(data)
        wire.shutdown(socket.SHUT_WR)
        answer = b""
        while got := wire.recv(65536):
            answer += got
    return answer


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b'{"text": "\\ud800"}', "application/json", 400),
        (b'{"text": "\xff"}', "application/json", 400),
        (b'{"text": "\\u0000"}', "application/json", 400),
        (b'{"text": "a", "text": "b"}', "application/json", 400),
        (b'{"text": "a"', "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (b"", "application/json", 400),
        (b'{"text": "a"}', "text/plain", 415),
        (b"text=a", "application/x-www-form-urlencoded", 415),
        (b'{"text": "' + b"a" * 1_048_577 + b'"}', "application/json", 413),
    ],
)
@pytest.mark.parametrize("path", ["/api/inspect", "/api/decide"])
def test_bodies(ask, path: str, body: bytes, media_type: str, status: int) -> None:
    answer = ask("POST", path, content=body, headers={"Content-Type": media_type})
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message"}


@pytest.mark.parametrize(
    "target", ["/api/records?q=%00", "/api/records?q=%ff", "/api/records/%ed%a0%80", "/%00", "/?%0d%0a=1"]
)
def test_targets(ask, target: str) -> None:
    answer = ask("GET", target)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "lexgate_bad_request")


def test_a_long_body_without_a_length_is_cut_off(plane: str) -> None:
    head = f"POST /api/inspect HTTP/1.1\r\nHost: a\r\n{KEY}{JSON}Transfer-Encoding: chunked\r\n\r\n".encode()
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    answer = raw(plane, head + chunk * 17 + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()


def test_a_body_without_end_is_not_read_for_ever(plane: str) -> None:
    head = f"POST /api/inspect HTTP/1.1\r\nHost: a\r\n{KEY}{JSON}Transfer-Encoding: chunked\r\n\r\n".encode()
    host, port = plane.removeprefix("http://").split(":")
    sent = 0
    with socket.create_connection((host, int(port)), timeout=20) as wire:
        wire.sendall(head)
        try:
            while sent < 200 << 20:
                wire.sendall(b"10000\r\n" + b"a" * 65536 + b"\r\n")
                sent += 65536
        except OSError:  # the server has closed
            pass
    assert sent < 100 << 20


def test_a_body_that_does_not_come() -> None:
    with serving(deps(body_deadline_s=0.2)) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as wire:
            wire.sendall(f"POST /api/inspect HTTP/1.1\r\nHost: a\r\n{KEY}{JSON}Content-Length: 9\r\n\r\n{{".encode())
            assert wire.recv(65536).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("beginning", [b"", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "])
def test_headers_that_do_not_come(beginning: bytes) -> None:
    with serving(deps(header_deadline_s=0.2)) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as wire:
            wire.sendall(beginning)
            answer = wire.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408 ") if beginning else answer == b""


@pytest.mark.parametrize(
    "headers", [b"X: 1\r\n" * 100, b"X: " + b"a" * 40_000 + b"\r\n", b"X-" + b"a" * 40_000 + b": 1\r\n"]
)
def test_floods_of_headers(plane: str, headers: bytes) -> None:
    answer = raw(plane, b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + headers + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'{"error":{"code":"lexgate_headers_too_large"' in answer


def test_what_is_no_http_gets_our_shape_too(plane: str) -> None:
    answer = raw(plane, b"HELO example.org\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'{"error":{"code":"lexgate_bad_request"' in answer


def test_a_caller_who_leaves_in_the_middle(plane: str) -> None:
    raw(plane, f"POST /api/inspect HTTP/1.1\r\nHost: a\r\n{KEY}{JSON}Content-Length: 9\r\n\r\n{{".encode())
    assert httpx.get(plane + "/healthz").status_code == 200


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x00\xa5\x01\x00\x00",
        b"GET / HTTP/1.1\r\n\x00: a\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        f"GET /api/records?q=\xe9 HTTP/1.1\r\nHost: a\r\n{KEY}\r\n".encode("latin-1"),
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /api/inspect HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        f"POST /api/inspect HTTP/1.1\r\nHost: a\r\n{KEY}Content-Length: 1\r\nContent-Length: 2\r\n\r\n".encode(),
        f"POST /api/inspect HTTP/1.1\r\nHost: a\r\n{KEY}{JSON}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{{}}".encode(),
        f"GET /api/records HTTP/1.1\r\nHost: a\r\n{KEY}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n".encode(),
        b"GET http://[::1 HTTP/1.1\r\n\r\n",
    ],
)
def test_broken_requests(plane: str, data: bytes) -> None:
    answer = raw(plane, data)
    assert b" 500 " not in answer[:20]
    assert b" 503 " not in answer[:20]
    assert httpx.get(plane + "/healthz").status_code == 200
