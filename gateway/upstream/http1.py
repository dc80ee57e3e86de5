"""Calls to providers over HTTP/1.1, with nothing between a call and its socket but a parser.

No redirects, no cookies, no proxies from the environment, no second attempt: a call goes to the configured provider once,
or not at all. See connection.py for what keeps a call away from a connection that is about to close.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.settings import Provider, Timeouts
from gateway.upstream.answer import Answer
from gateway.upstream.authority import authority_state
from gateway.upstream.connection import Connection, Origin
from gateway.upstream.port import Unreachable
from gateway.upstream.proxy import Proxy, ProxyUnreachable, Refused, tunnel
from gateway.upstream.request_head import Heads, Place

KNOWN_ROUTES = 4096


@dataclass(frozen=True, slots=True)
class _Route:
    """Where the calls of one provider and path go, and how each of them starts."""

    provider: Provider
    origin: Origin
    start: str
    timeouts: Timeouts
    proxy: Proxy | None


class Http1Client:
    """Connection pools to the configured providers. Belongs to the event loop that first uses it."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._origins: dict[tuple[object, ...], Origin] = {}
        self._routes: dict[tuple[str, str], _Route] = {}
        self._heads = Heads()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def post(
        self, provider: Provider, path: str, headers: Mapping[str, str], body: bytes, method: str = "POST"
    ) -> Answer:
        """Sends one call and waits for the head of its answer.

        Raises Unreachable (nothing was sent), UpstreamTimeout, UpstreamFailed (also for a field that cannot be sent).
        """
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        start = loop.time()
        route = self._routes.get((provider.name, path)) if method == "POST" else None
        if route is None or route.provider is not provider:
            route = self._route(provider, path, method)
        head = self._heads.make(route.start, headers, len(body))
        connection = route.origin.take()
        if connection is None:
            connection = await self._connect(route, loop)
        answer = connection.send(head, body, provider.name, start)
        await answer.begun()
        return answer

    async def close(self) -> None:
        """Ends every connection. Calls under way fail; later ones are not sent."""
        self._closed = True
        for origin in self._origins.values():
            origin.close()
        await asyncio.sleep(0)  # lets the transports close their sockets

    async def reach(self, provider: Provider) -> None:
        """Connects as a call would, sends nothing and leaves. Raises Unreachable, UpstreamFailed."""
        connection = await self._connect(self._route(provider, "/"), asyncio.get_running_loop())
        connection.drop()

    async def _connect(self, route: _Route, loop: asyncio.AbstractEventLoop) -> Connection:
        """A new connection. Raises Unreachable: whatever happens here, nothing of the call was sent."""
        origin, name, timeouts = route.origin, route.provider.name, route.timeouts
        if self._closed:
            raise Unreachable(f"provider {name} cannot be reached: the client is closed")
        connection = Connection(origin, loop, timeouts)
        host = origin.host if origin.tls else None
        try:
            async with asyncio.timeout(min(timeouts.connect, timeouts.first_byte, timeouts.total)):
                if route.proxy is None:
                    await loop.create_connection(
                        lambda: connection, origin.host, origin.port, ssl=origin.tls, server_hostname=host
                    )
                else:
                    await tunnel(loop, route.proxy, origin, connection)
        except ssl.SSLCertVerificationError as error:
            connection.drop()
            raise Unreachable(
                f"provider {name} has a certificate that is not trusted: {error.verify_message}"
            ) from None
        except ssl.SSLError:
            connection.drop()
            raise Unreachable(f"provider {name} cannot be reached: no secure connection") from None
        except TimeoutError:
            connection.drop()
            raise Unreachable(f"provider {name} cannot be reached in time") from None
        except (ProxyUnreachable, Refused) as error:
            connection.drop()
            raise Unreachable(f"provider {name} cannot be reached: {error}") from None
        except (OSError, ValueError):
            connection.drop()
            raise Unreachable(f"provider {name} cannot be reached") from None
        except BaseException:
            connection.drop()
            raise
        if not connection.usable:
            connection.drop()
            raise Unreachable(f"provider {name} cannot be reached")
        return connection

    def _route(self, provider: Provider, path: str, method: str = "POST") -> _Route:
        place = Place(provider.base_url)
        timeouts = provider.timeouts(self._timeouts)
        proxy = Proxy.of(provider)
        # With the proxy goes our credential there: a tunnel opened under one is not another's to use.
        key = (place.secure, place.host, place.port, provider.ca, authority_state(provider.ca), proxy, timeouts)
        origin = self._origins.get(key)
        if origin is None:
            tls = _trust(provider) if place.secure else None
            origin = self._origins[key] = Origin(place.host, place.port, tls)
        route = _Route(provider, origin, place.start(path, method), timeouts, proxy)
        if method == "POST" and (len(self._routes) < KNOWN_ROUTES or (provider.name, path) in self._routes):
            self._routes[(provider.name, path)] = route
        return route


def _trust(provider: Provider) -> ssl.SSLContext:
    """Trust in the system's authorities, or only in the provider's own. Raises Unreachable."""
    try:
        context = ssl.create_default_context(cafile=provider.ca or None)
    except (OSError, ValueError):
        raise Unreachable(f"provider {provider.name} cannot be reached: its ca file cannot be used") from None
    context.set_alpn_protocols(["http/1.1"])
    return context
