"""The head of a request (RFC 9112 §3): built from parts that cannot end it, or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from gateway.errors import UpstreamFailed

OURS = frozenset(
    {
        *("connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade"),
    }
)
"""Fields that frame a message or rule its connection: only this client says them."""
UNKEPT = frozenset({"traceparent", "authorization", "x-api-key", "x-goog-api-key"})
"""Fields that are made anew: no two calls have them in common, or they hold a key that may be taken back."""
KNOWN_LINES = 256
KNOWN_NAMES = 256

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_TARGET = re.compile(r"/[!-\"$-;=?-\[\]_a-z~]*")  # what RFC 3986 allows in a path and query, and a little more; no "#"
_HOST = re.compile(r"[A-Za-z0-9._\-]+|[0-9A-Fa-f:.]+")


class Place:
    """Where the calls of one base URL go. Raises UpstreamFailed when it is no URL that calls can go to."""

    __slots__ = ("authority", "host", "port", "prefix", "secure")

    def __init__(self, base_url: str) -> None:
        try:
            parts = urlsplit(base_url)
            host = parts.hostname or ""
            self.host = host if host.isascii() else host.encode("idna").decode()
            self.port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise UpstreamFailed("the provider's base_url is not a URL") from None
        if parts.scheme not in ("http", "https") or not _HOST.fullmatch(self.host):
            raise UpstreamFailed("the provider's base_url is not an http or https URL")
        if parts.username is not None or parts.query or parts.fragment:
            raise UpstreamFailed("the provider's base_url has credentials, a query or a fragment")
        self.secure = parts.scheme == "https"
        self.prefix = parts.path.rstrip("/")
        name = f"[{self.host}]" if ":" in self.host else self.host
        self.authority = name if self.port == (443 if self.secure else 80) else f"{name}:{self.port}"

    def start(self, path: str, method: str = "POST") -> str:
        """Request line and Host field. Raises UpstreamFailed."""
        target = self.prefix + path
        if not _TARGET.fullmatch(target):
            raise UpstreamFailed("the path of a call to a provider has characters that no path may have")
        return f"{method} {target} HTTP/1.1\r\nhost: {self.authority}\r\n"


class Heads:
    """Makes heads; remembers the names it has already looked at."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._lines: dict[tuple[str, str], str] = {}

    def make(self, start: str, headers: Mapping[str, str], length: int) -> bytes:
        """`start` with these fields and a body of `length` bytes. Raises UpstreamFailed for a field that cannot be sent."""
        lines, known = [start], self._lines
        for item in headers.items():
            line = known.get(item)
            lines.append(self._line(*item) if line is None else line)
        lines.append(f"content-length: {length}\r\n\r\n")
        return "".join(lines).encode("latin-1")

    def _line(self, name: str, value: str) -> str:
        if name not in self._names:
            self._admit(name)
        if not (value.isascii() and value.isprintable()) and not _VALUE.fullmatch(value):
            raise UpstreamFailed(f"header field {name} of a call to a provider has characters that no field may have")
        line = f"{name}: {value}\r\n"
        if name not in UNKEPT and len(self._lines) < KNOWN_LINES:
            self._lines[name, value] = line
        return line

    def _admit(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise UpstreamFailed("a header field of a call to a provider has a name that no field may have")
        if name.lower() in OURS:
            raise UpstreamFailed(f"header field {name} of a call to a provider is not the caller's to set")
        if len(self._names) < KNOWN_NAMES:
            self._names.add(name)
