"""Connections to addresses that were looked at: whatever a name server would say now."""

from __future__ import annotations

import socket
import ssl

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

FAILURES = (aiohttp.ClientError, OSError, ValueError)
"""What a fetch may raise beside a timeout."""


def open_session(addresses: list[str], tls: ssl.SSLContext) -> aiohttp.ClientSession:
    """A session of one connection, to one of these addresses; no cookies, nothing from the environment."""
    connector = aiohttp.TCPConnector(resolver=_Pinned(addresses), ssl=tls, limit=1, force_close=True)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)


class _Pinned(AbstractResolver):
    """Gives the addresses that were looked at."""

    def __init__(self, addresses: list[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del family
        return [
            ResolveResult(
                hostname=host, host=each, port=port, family=socket.AF_INET6 if ":" in each else socket.AF_INET,
                proto=0, flags=socket.AI_NUMERICHOST,
            )
            for each in self._addresses
        ]  # fmt: skip

    async def close(self) -> None:
        pass
