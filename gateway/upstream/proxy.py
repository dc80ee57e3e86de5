"""Through an HTTP proxy to a provider: CONNECT (RFC 9110 §9.3.6), then the provider's own TLS inside the tunnel.

The proxy learns host and port of the provider, nothing of any call. Only the proxy that the provider's entry names is
used, never one of the environment.
"""

from __future__ import annotations

import asyncio
import base64
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gateway.configuration.secrets import resolve
from gateway.errors import ConfigurationError
from gateway.settings import Provider
from gateway.upstream.connection import Connection, Origin
from gateway.upstream.port import Unreachable

HEAD_BYTES = 16_384
_AGREED = re.compile(rb"HTTP/1\.[01] 2\d\d[ \r]")
_STATUS = re.compile(rb"HTTP/1\.[01] ([3-5]\d\d)(?=[ \r]|$)")


def proxy_credential(provider: Provider) -> str:
    """USER:PASSWORD for the provider's proxy, "" without. Raises Unreachable when it is not there."""
    try:
        return resolve(provider.proxy_secret)
    except ConfigurationError:
        said = f"provider {provider.name} cannot be reached: the credential for its proxy is not there"
        raise Unreachable(said) from None


class Refused(OSError):
    """The proxy did not open the tunnel. The message tells operators and callers why, as far as the proxy said so."""


class ProxyUnreachable(OSError):
    """There is no connection to the proxy itself."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where the proxy is and how it knows us."""

    host: str
    port: int
    credential: str = field(default="", repr=False)  # USER:PASSWORD

    @classmethod
    def of(cls, provider: Provider) -> Proxy | None:
        """The proxy of a provider, None when it has none. Raises Unreachable for a secret that is not there."""
        if not provider.proxy:
            return None
        parts = urlsplit(provider.proxy)
        return cls(parts.hostname or "", parts.port or 80, proxy_credential(provider))

    def request(self, host: str, port: int) -> bytes:
        """The CONNECT request for a tunnel to host and port."""
        name = f"[{host}]" if ":" in host else host
        lines = [f"CONNECT {name}:{port} HTTP/1.1", f"host: {name}:{port}"]
        if self.credential:
            lines.append(f"proxy-authorization: Basic {base64.b64encode(self.credential.encode()).decode()}")
        return "\r\n".join([*lines, "", ""]).encode("ascii")


async def tunnel(loop: asyncio.AbstractEventLoop, proxy: Proxy, origin: Origin, connection: Connection) -> None:
    """Hands `connection` a transport to the origin, through the proxy. Raises Refused, ProxyUnreachable, OSError."""
    try:
        transport, asking = await loop.create_connection(lambda: _Asking(loop), proxy.host, proxy.port)
    except OSError:
        raise ProxyUnreachable("its proxy cannot be reached") from None
    try:
        transport.write(proxy.request(origin.host, origin.port))
        await asking.agreed
        if origin.tls is None:
            transport.set_protocol(connection)
            connection.connection_made(transport)
        else:
            secure = await loop.start_tls(transport, connection, origin.tls, server_hostname=origin.host)
            if secure is not None:
                connection.connection_made(secure)
    except BaseException:
        transport.abort()
        raise


class _Asking(asyncio.Protocol):
    """Waits for the proxy's answer to CONNECT. Nothing may follow its head: the origin speaks only when spoken to."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.agreed: asyncio.Future[None] = loop.create_future()
        self._head = b""

    def data_received(self, data: bytes) -> None:
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if (end and (rest or not _AGREED.match(head))) or len(self._head) > HEAD_BYTES:
            self._refuse(_STATUS.match(head))
        elif end and not self.agreed.done():
            self.agreed.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._refuse()

    def _refuse(self, status: re.Match[bytes] | None = None) -> None:
        if not self.agreed.done():
            why = f" (status {status[1].decode()})" if status else ""
            self.agreed.set_exception(Refused(f"its proxy did not open a tunnel{why}"))
