"""Fetching what a provider's answer links to: one GET, to hosts of that provider alone, and never into our own network.

An address in an answer is the provider's word, not ours, so nothing is taken on trust (server-side request forgery):

- https, and a host on the provider's list (`content_hosts`) or its own; plain http only to its own origin as configured;
- the name is looked up once, every address it has must be public, and the connection goes to what was looked up, so
  that a second answer of a name server changes nothing; only the origin that the operator configured may be private;
- a redirect is looked at like a new address, and there are few;
- no credential, no cookie, no header of the caller goes along, and the answer's size and time are bounded.
"""

from __future__ import annotations

import asyncio
import fnmatch
import importlib
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yarl import URL

from gateway.errors import UpstreamFailed, UpstreamTimeout
from gateway.settings import Provider

if TYPE_CHECKING:
    import aiohttp

REDIRECTS = 3
_PINNED = "gateway.upstream.pinned"
"""Loaded with the first fetch and beside the event loop: aiohttp takes 6 MB and 0.15 s, and most workers never need it."""
_NAME = re.compile(r"[a-z0-9_.-]{1,253}|[0-9a-f:.]{2,45}")
"""A name or an address; yarl also lets escaped characters into a host."""
LONGEST = 8_192  # characters of an address
_REDIRECTING = frozenset({301, 302, 303, 307, 308})

Lookup = Callable[[str, int], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Fetched:
    """`hosts`: where it was fetched from, redirects included."""

    data: bytes = field(repr=False)
    media_type: str
    hosts: tuple[str, ...]


async def look_up(host: str, port: int) -> list[str]:
    """All addresses of a name. Raises OSError."""
    rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


class Fetcher:
    """Makes a connection of its own for each fetch: what is fetched is rare, and nothing is shared with calls."""

    def __init__(self, most_bytes: int, seconds: float, lookup: Lookup = look_up) -> None:
        self._most = most_bytes
        self._seconds = seconds
        self._lookup = lookup

    async def get(self, provider: Provider, address: str) -> Fetched:
        """The file behind an address of the provider's. Raises UpstreamFailed, UpstreamTimeout; they name no address."""
        if provider.proxy:
            raise UpstreamFailed("the provider answered with a link, which cannot be fetched through its proxy")
        await asyncio.to_thread(importlib.import_module, _PINNED)
        from gateway.upstream.pinned import FAILURES

        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(provider, address)
        except TimeoutError:
            raise UpstreamTimeout("the output that the provider links to did not arrive in time") from None
        except FAILURES:
            raise UpstreamFailed("the output that the provider links to could not be fetched") from None

    async def _follow(self, provider: Provider, address: str) -> Fetched:
        from gateway.upstream.pinned import open_session

        hosts: list[str] = []
        for _ in range(REDIRECTS + 1):
            url = allowed(provider, address)
            hosts.append(url.host or "")
            own = url.origin() == URL(provider.base_url).origin()
            addresses = await self._addresses(url, own=own)
            tls = ssl.create_default_context(cafile=provider.ca or None) if own else ssl.create_default_context()
            async with (
                open_session(addresses, tls) as session,
                session.get(url, allow_redirects=False, headers=_HEADERS, skip_auto_headers=_NOT_SENT) as answer,
            ):
                if answer.status in _REDIRECTING:
                    address = str(url.join(URL(answer.headers.get("location", ""), encoded=True)))
                    continue
                if answer.status != 200:
                    raise UpstreamFailed("the output that the provider links to is not there")
                data = await self._read(answer)
                return Fetched(data, answer.content_type, tuple(hosts))
        raise UpstreamFailed("the output that the provider links to is behind too many redirects")

    async def _addresses(self, url: URL, *, own: bool) -> list[str]:
        host, port = url.host or "", url.port or 443
        try:
            found = [str(ipaddress.ip_address(host))]
        except ValueError:
            found = await self._lookup(host, port)
        if not found or not (own or all(is_public(each) for each in found)):
            raise UpstreamFailed("the output that the provider links to is at an address that is not public")
        return found

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        data = bytearray()
        async for chunk in answer.content.iter_any():
            data += chunk
            if len(data) > self._most:
                raise UpstreamFailed("the output that the provider links to is larger than allowed")
        return bytes(data)


_HEADERS = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "lexgate"}
_NOT_SENT = ("Content-Type",)


def allowed(provider: Provider, address: str) -> URL:
    """The address as a URL, where it leads to a host of this provider. Raises UpstreamFailed."""
    refused = UpstreamFailed("the provider answered with a link to a host that is not on its list of content_hosts")
    if len(address) > LONGEST or not address.isprintable():
        raise refused
    try:
        url, own = URL(address, encoded=True), URL(provider.base_url)
        port = url.port
    except ValueError:
        raise refused from None
    if url.scheme not in {"http", "https"} or not url.host or url.user is not None or url.password is not None:
        raise refused
    if url.origin() == own.origin():
        return url
    host = url.host.lower().rstrip(".")
    if not _NAME.fullmatch(host):
        raise refused
    listed = host == own.host or any(fnmatch.fnmatchcase(host, pattern) for pattern in provider.content_hosts)
    if not listed or url.scheme != "https" or port != 443:
        raise refused
    return url


def is_public(address: str) -> bool:
    """Whether an address is one of the open Internet: also not one of ours inside an IPv6 address (RFC 4291, 6052, 3056)."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        return ip in _UNICAST and ip.is_global and not any(ip in network for network in _NOT_ROUTED)
    return ip.is_global and not ip.is_multicast and ip not in _PROTOCOLS


_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that is given out for use on the Internet (RFC 4291, section 2.4): not translations into networks of one's own."""
_NOT_ROUTED = (ipaddress.IPv6Network("3fff::/20"),)  # documentation (RFC 9637)
_PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")  # of a provider's own network (RFC 6890)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
