"""Fetching what a provider links to: its own hosts and those on its list, never our own network, never without end."""

from __future__ import annotations

import base64

import pytest

from gateway.errors import UpstreamFailed, UpstreamTimeout
from gateway.settings import Provider
from gateway.upstream.fetch import Fetcher, allowed, is_public
from tests.providers import pictures
from tests.providers.canned import CannedProvider

LISTED = ("*.blob.example.net", "cdn.example.org")


def provider(url: str = "https://api.example.com/v1", **more: object) -> Provider:
    return Provider.model_validate(
        {"name": "p", "base_url": url, "jurisdiction": "US", "content_hosts": LISTED, **more}
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://api.example.com/files/a.png?sig=x",
        "https://store.blob.example.net/a.png",
        "https://cdn.example.org:443/a.png",
    ],
)
def test_hosts_of_the_provider_are_allowed(address: str) -> None:
    assert str(allowed(provider(), address)).startswith("https://")


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/a.png",
        "https://blob.example.net/a.png",  # the pattern asks for a name under it
        "https://api.example.com.evil.example/a.png",
        "https://api.example.com@evil.example/a.png",
        "https://user:pass@cdn.example.org/a.png",
        "http://cdn.example.org/a.png",
        "https://cdn.example.org:8443/a.png",
        "http://api.example.com/a.png",
        "https://127.0.0.1/a.png",
        "https://[::1]/a.png",
        "https://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "gopher://cdn.example.org/",
        "ftp://cdn.example.org/a.png",
        "//cdn.example.org/a.png",
        "cdn.example.org/a.png",
        "https://cdn.example.org\r\nHost: x/a.png",
        "https://cdn.example.org/" + "a" * 9000,
        "https:///a.png",
        "https://cdn.example.org:99999/a.png",
        "https://evil.example%2f.blob.example.net/a.png",
        "https://127.0.0.1%23.blob.example.net/a.png",
        "https://evil.example%00.blob.example.net/a.png",
        "https://evil.example#.blob.example.net/a.png",
        "",
    ],
)
def test_any_other_address_is_refused(address: str) -> None:
    with pytest.raises(UpstreamFailed, match="content_hosts") as refused:
        allowed(provider(), address)
    assert address == "" or address not in refused.value.message


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False),
        ("0.0.0.0", False), ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("::", False),
        ("fe80::1%eth0", False), ("fc00::1", False), ("::ffff:127.0.0.1", False), ("::ffff:93.184.216.34", True),
        ("64:ff9b::7f00:1", False), ("64:ff9b::5db8:d822", True), ("2002:7f00:1::", False), ("ff02::1", False),
        ("::127.0.0.1", False), ("64:ff9b:1::7f00:1", False), ("::ffff:0:127.0.0.1", False), ("fec0::1", False),
        ("3fff::1", False), ("192.0.0.8", False), ("not an address", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "found", [["127.0.0.1"], ["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:10.0.0.1"], []]
)
async def test_a_listed_name_that_leads_into_our_network_is_refused(found: list[str]) -> None:
    async def lookup(_host: str, _port: int) -> list[str]:
        return found

    with pytest.raises(UpstreamFailed, match="not public"):
        await Fetcher(1000, 5, lookup).get(provider(), "https://cdn.example.org/a.png")


async def test_a_name_is_looked_up_once() -> None:
    asked = []

    async def lookup(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["192.0.2.1"] if len(asked) > 1 else ["203.0.113.1"]  # both are for documentation: not public

    with pytest.raises(UpstreamFailed, match="not public"):
        await Fetcher(1000, 5, lookup).get(provider(), "https://cdn.example.org/a.png")
    assert asked == [("cdn.example.org", 443)]


# With a real server: the provider itself, which the operator configured on the loopback interface.


def link(canned: CannedProvider, name: str) -> str:
    return f"{canned.url}/canned/files/{name}"


def drawn(prompt: str = "a fox") -> str:
    return base64.urlsafe_b64encode(f"{prompt}|echo|0".encode()).decode()


def to(target: str) -> str:
    return f"to-{base64.urlsafe_b64encode(target.encode()).decode()}"


async def test_the_providers_own_origin_is_fetched_from() -> None:
    async with CannedProvider() as canned:
        fetched = await Fetcher(1_000_000, 5).get(provider(canned.url), link(canned, drawn()))
    assert fetched.data == pictures.picture("a fox", "echo")
    assert fetched.media_type == "image/png"
    assert fetched.hosts == ("127.0.0.1",)


async def test_nothing_of_ours_goes_along() -> None:
    async with CannedProvider() as canned:
        await Fetcher(1_000_000, 5).get(provider(canned.url, secret="env:HOME"), link(canned, drawn()))
        (received,) = canned.requests
    assert {name.lower() for name, _ in received.headers} <= {
        "host", "accept", "accept-encoding", "user-agent", "connection",
    }  # fmt: skip
    assert (received.method, received.body) == ("GET", b"")


async def test_a_redirect_is_looked_at_like_a_new_address() -> None:
    async with CannedProvider() as canned, CannedProvider() as other:
        fetcher, ours = Fetcher(1_000_000, 5), provider(canned.url)
        fetched = await fetcher.get(ours, link(canned, to(link(canned, drawn()))))
        assert fetched.hosts == ("127.0.0.1", "127.0.0.1")
        for target in (link(other, drawn()), "http://169.254.169.254/", "file:///etc/passwd"):
            with pytest.raises(UpstreamFailed, match="content_hosts"):
                await fetcher.get(ours, link(canned, to(target)))
        assert not other.connections
        for _ in range(4):
            target = link(canned, to(target if target.startswith(canned.url) else link(canned, drawn())))
        with pytest.raises(UpstreamFailed, match="redirects"):
            await fetcher.get(ours, target)


async def test_size_and_time_are_bounded() -> None:
    async with CannedProvider() as canned:
        with pytest.raises(UpstreamFailed, match="larger"):
            await Fetcher(100_000, 20).get(provider(canned.url), link(canned, "endless"))
        with pytest.raises(UpstreamTimeout):
            await Fetcher(1 << 40, 0.3).get(provider(canned.url), link(canned, "endless"))


async def test_a_provider_behind_a_proxy_is_not_fetched_from() -> None:
    with pytest.raises(UpstreamFailed, match="proxy"):
        await Fetcher(1000, 5).get(provider(proxy="http://proxy.example:3128"), "https://cdn.example.org/a.png")
