"""Calls through an HTTP proxy: a tunnel to the provider and to nowhere else, opened only by the proxy that is named."""

import asyncio
import base64
import contextlib
from typing import Self

import pytest

from gateway.settings import Timeouts
from gateway.upstream.client import UpstreamClient
from gateway.upstream.port import Unreachable
from tests.gateway.upstream.scripted import Scripted, call, client
from tests.gateway.upstream.test_tls import Authority

AGREED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class TunnelProxy:
    """A CONNECT proxy. `says`: its answer; only the agreed one is followed by a tunnel."""

    def __init__(self, says: bytes = AGREED, *, silent: bool = False) -> None:
        self.says = says
        self.silent = silent
        self.heads: list[bytes] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            if self.silent:
                await asyncio.sleep(60)
            writer.write(self.says)
            if self.says == AGREED:
                host, port = head.split(b" ")[1].rsplit(b":", 1)
                there = await asyncio.open_connection(host.decode(), int(port))
                await asyncio.gather(self._copy(reader, there[1]), self._copy(there[0], writer))
        writer.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


@pytest.fixture
async def one():
    made = client(connect=2.0)
    yield made
    await made.close()


async def test_plain_and_secure_calls_go_through_the_tunnel(one, tmp_path):
    authority = Authority(tmp_path)
    async with Scripted() as plain, Scripted(authority.server()) as secure, TunnelProxy() as proxy:
        for server, more in ((plain, {}), (secure, {"ca": str(authority.path), "name": "secure"})):
            provider = server.provider(proxy=proxy.url, **more)
            assert [await call(one, provider) for _ in range(3)] == [b"good"] * 3
            assert server.connections == 1
        assert [head.split(b" ")[:2] for head in proxy.heads] == [
            [b"CONNECT", b"127.0.0.1:%d" % plain.port],
            [b"CONNECT", b"127.0.0.1:%d" % secure.port],
        ]


async def test_large_bodies_both_ways(one, tmp_path):
    authority = Authority(tmp_path)
    async with Scripted(authority.server()) as server, TunnelProxy() as proxy:
        server.scripts["/large"] = [b"HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n" + b"y" * 3_000_000]
        provider = server.provider(ca=str(authority.path), proxy=proxy.url)
        assert await call(one, provider, "/large", b"x" * 3_000_000) == b"y" * 3_000_000


async def test_the_proxy_sees_host_and_port_and_its_own_credential_only(one, tmp_path, monkeypatch):
    monkeypatch.setenv("PROXY_LOGIN", "gate:sesame")
    authority = Authority(tmp_path)
    async with Scripted(authority.server()) as server, TunnelProxy() as proxy:
        provider = server.provider(ca=str(authority.path), proxy=proxy.url, proxy_secret="env:PROXY_LOGIN")
        await call(one, provider, headers={"authorization": "Bearer sk-provider"})
        (head,) = proxy.heads
        assert base64.b64encode(b"gate:sesame") in head
        assert b"sk-provider" not in head
        assert b"proxy-authorization" not in server.requests[0][1].lower()


@pytest.mark.parametrize(
    "says",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 2000 Odd\r\n\r\n",
        b"x" * 20_000,
        b"",
    ],
)
async def test_a_proxy_that_does_not_agree_gets_nothing(one, says):
    async with Scripted() as server, TunnelProxy(says) as proxy:
        with pytest.raises(Unreachable):
            await call(one, server.provider(proxy=proxy.url), body=b"the call itself")
        assert server.requests == []
        assert all(b"the call itself" not in head for head in proxy.heads)


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "its proxy did not open a tunnel (status 407)"),
        (b"HTTP/1.0 403\r\nx-reason: a secret of the proxy\r\n\r\n", "its proxy did not open a tunnel (status 403)"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "its proxy did not open a tunnel"),
        (b"", "its proxy did not open a tunnel"),
    ],
)
async def test_the_error_says_that_it_was_the_proxy(one, says, told):
    async with Scripted() as server, TunnelProxy(says) as proxy:
        provider = server.provider(proxy=proxy.url)
        with pytest.raises(Unreachable) as caught:
            await call(one, provider)
    assert caught.value.message == f"provider {provider.name} cannot be reached: {told}"


async def test_a_proxy_that_is_not_there(one):
    async with Scripted() as server:
        with pytest.raises(Unreachable, match="its proxy cannot be reached"):
            await call(one, server.provider(proxy="http://127.0.0.1:1"))
        assert server.requests == []


async def test_a_tunnel_is_not_lent_to_whom_the_proxy_knows_by_another_name(one, monkeypatch):
    monkeypatch.setenv("FIRST", "first:pw")
    monkeypatch.setenv("SECOND", "second:pw")
    async with Scripted() as server, TunnelProxy() as proxy:
        await call(one, server.provider(proxy=proxy.url, proxy_secret="env:FIRST"))
        await call(one, server.provider(name="second", proxy=proxy.url, proxy_secret="env:SECOND"))
        assert [base64.b64encode(b"first:pw") in head for head in proxy.heads] == [True, False]


async def test_a_proxy_that_keeps_silent_is_left_in_time(tmp_path):
    one = client(connect=0.2)
    async with Scripted() as server, TunnelProxy(silent=True) as proxy:
        with pytest.raises(Unreachable, match="in time"):
            await call(one, server.provider(proxy=proxy.url))
    await one.close()


async def test_the_certificate_is_the_providers_not_the_proxys(one, tmp_path):
    authority = Authority(tmp_path)
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    async with Scripted(authority.server()) as server, TunnelProxy() as proxy:
        with pytest.raises(Unreachable, match="not trusted"):
            await call(one, server.provider(proxy=proxy.url, ca=str(other.path)))
        assert server.requests == []


async def test_a_connection_of_the_tunnel_is_never_lent_to_a_direct_provider(one):
    async with Scripted() as server, TunnelProxy() as proxy:
        await call(one, server.provider(proxy=proxy.url))
        await call(one, server.provider(name="direct"))
        assert server.connections == 2
        assert len(proxy.heads) == 1


@pytest.mark.parametrize(
    "variable", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]
)
@pytest.mark.parametrize("kind", [client, lambda: UpstreamClient(Timeouts())], ids=["http1", "aiohttp"])
async def test_proxies_of_the_environment_are_not_used(variable, kind, monkeypatch):
    one = kind()
    async with Scripted() as server, TunnelProxy() as proxy:
        monkeypatch.setenv(variable, proxy.url)
        assert await call(one, server.provider()) == b"good"
        assert proxy.heads == []
    await one.close()


async def test_the_other_client_goes_through_it_too(tmp_path):
    authority = Authority(tmp_path)
    one = UpstreamClient(Timeouts())
    async with Scripted(authority.server()) as server, TunnelProxy() as proxy:
        assert await call(one, server.provider(ca=str(authority.path), proxy=proxy.url)) == b"good"
        assert len(proxy.heads) == 1
    async with Scripted() as server, TunnelProxy(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n") as proxy:
        secure = server.provider(base_url=server.url.replace("http:", "https:"), proxy=proxy.url)
        with pytest.raises(Unreachable):
            await call(one, secure)
        assert server.requests == []
    await one.close()
