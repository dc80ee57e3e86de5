"""Calls to providers over HTTP. A small interface, so that the library behind it can change (now: aiohttp).

No redirects, no cookies, no proxies from the environment: a call goes to the configured provider or nowhere.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from gateway.errors import UpstreamFailed, UpstreamTimeout
from gateway.protocols.pipe import Pipe
from gateway.settings import Provider, Timeouts
from gateway.upstream.authority import authority_state
from gateway.upstream.port import Unreachable
from gateway.upstream.proxy import proxy_credential
from gateway.upstream.request_head import Place

CHUNK_BYTES = 65_536
KNOWN_URLS = 1024


@dataclass(slots=True)
class UpstreamAnswer:
    """A provider's answer whose body is still arriving. Close it when done, read whole or not."""

    status: int
    headers: Mapping[str, str]
    _response: aiohttp.ClientResponse = field(repr=False)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises UpstreamTimeout, or UpstreamFailed when the connection breaks."""
        content = self._response.content
        try:
            while chunk := await content.readany():
                yield chunk
        except TimeoutError:
            raise UpstreamTimeout("the provider stopped sending") from None
        except (aiohttp.ClientError, OSError):
            raise UpstreamFailed("the connection to the provider broke") from None

    async def relay(self, take: Callable[[bytes], bool], pipe: Pipe | None = None) -> None:
        """Hands nothing over: this client has no callback of ours. `chunks` has all of the body."""

    def whole(self) -> bytes | None:
        """None: this client has the body piece by piece alone."""
        return None

    def close(self) -> None:
        """Ends the exchange; a connection whose answer was not read to its end is not used again."""
        if self._response.content.is_eof():
            self._response.release()
        else:
            self._response.close()


class UpstreamClient:
    """Connection pools to the configured providers."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._sessions: dict[tuple[object, ...], aiohttp.ClientSession] = {}
        self._known: dict[
            str, tuple[Provider, aiohttp.ClientSession]
        ] = {}  # by name, while the configuration is the same
        self._urls: dict[tuple[str, str], URL] = {}

    async def post(
        self, provider: Provider, path: str, headers: Mapping[str, str], body: bytes, method: str = "POST"
    ) -> UpstreamAnswer:
        """Sends one call and waits for the head of its answer.

        Raises Unreachable (nothing was sent), UpstreamTimeout, UpstreamFailed.
        """
        session = self._session(provider)
        url = self._urls.get((provider.base_url, path))
        if url is None:
            if len(self._urls) >= KNOWN_URLS:  # a path may name any model
                self._urls.clear()
            url = self._urls[(provider.base_url, path)] = URL(provider.base_url.rstrip("/") + path, encoded=True)
        try:
            async with asyncio.timeout(provider.timeouts(self._timeouts).first_byte):
                response = await session.request(method, url, data=body or None, headers=headers, allow_redirects=False)
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.ConnectionTimeoutError):
            raise Unreachable(f"provider {provider.name} cannot be reached") from None
        except TimeoutError:
            raise UpstreamTimeout(f"provider {provider.name} did not begin to answer") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise UpstreamFailed(f"provider {provider.name} broke the connection or answered badly") from None
        if not 200 <= response.status < 600:
            response.close()
            raise UpstreamFailed(f"provider {provider.name} answered with a status that is none")
        return UpstreamAnswer(response.status, response.headers, response)

    async def reach(self, provider: Provider) -> None:
        """Connects to the provider's host, or its proxy, and leaves. Raises Unreachable."""
        place = Place(provider.proxy or provider.base_url)
        try:
            async with asyncio.timeout(provider.timeouts(self._timeouts).connect):
                _, writer = await asyncio.open_connection(place.host, place.port)
        except (OSError, TimeoutError):
            raise Unreachable(f"provider {provider.name} cannot be reached") from None
        writer.close()

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()
        self._known.clear()

    def _session(self, provider: Provider) -> aiohttp.ClientSession:
        known = self._known.get(provider.name)
        if known is not None and known[0] is provider:
            return known[1]
        timeouts, proxy_auth = provider.timeouts(self._timeouts), _basic(provider)
        key = (provider.base_url, provider.ca, authority_state(provider.ca), provider.proxy, proxy_auth, timeouts)
        session = self._sessions.get(key)
        if session is None:
            tls = ssl.create_default_context(cafile=provider.ca) if provider.ca else ssl.create_default_context()
            session = self._sessions[key] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ssl=tls, keepalive_timeout=30),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=timeouts.total, connect=timeouts.connect, sock_read=timeouts.idle),
                proxy=provider.proxy or None,
                proxy_auth=proxy_auth,
                trust_env=False,
                skip_auto_headers=("User-Agent", "Accept", "Content-Type"),
                read_bufsize=CHUNK_BYTES,
            )
        self._known[provider.name] = provider, session
        return session


def _basic(provider: Provider) -> aiohttp.BasicAuth | None:
    user, _, password = proxy_credential(provider).partition(":")
    return aiohttp.BasicAuth(user, password) if user else None
