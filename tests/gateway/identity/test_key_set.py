"""The keys of an issuer: rotation, invented key ids, an issuer that is away, odd documents."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, RSAKey

from gateway.errors import Unavailable
from gateway.identity.key_set import KeySet, keys_of
from tests.gateway.identity.issuer import jwks, key, settings
from tests.providers.stage import Reply, Stage


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server():
    with Stage() as stage:
        yield stage


def at(server: Stage, clock: Clock, **more) -> KeySet:
    return KeySet(settings(jwks_url=f"{server.url}/jwks", **more).issuers[0], clock)


async def test_a_key_that_was_added_is_found_and_one_that_was_taken_away_is_gone(server):
    clock = Clock()
    keys = at(server, clock, refetch_seconds=30)
    server.play(Reply(body=jwks(key("a"))), Reply(body=jwks(key("b"))))
    assert (await keys.key("a")).kid == "a"
    assert keys.version == 1
    clock.now += 30
    assert (await keys.key("b")).kid == "b"
    assert keys.version == 2
    assert await keys.key("a") is None


async def test_invented_key_ids_cause_one_reading_a_while(server):
    clock = Clock()
    keys = at(server, clock, refetch_seconds=30)
    server.play(*[Reply(body=jwks(key("a")))] * 9)
    assert await keys.key("a")
    for number in range(200):
        assert await keys.key(f"invented-{number}") is None
    assert len(server.asked) == 1
    clock.now += 31
    assert await asyncio.gather(*(keys.key(f"invented-{number}") for number in range(50))) == [None] * 50
    assert len(server.asked) == 2


async def test_a_call_that_comes_during_the_first_reading_waits_for_it(server):
    keys = at(server, Clock())
    server.play(Reply(body=jwks(key("a"))))
    first = asyncio.ensure_future(keys.read())
    await asyncio.sleep(0)
    assert (await keys.key("a")).kid == "a"
    await first
    assert len(server.asked) == 1


async def test_calls_with_a_new_key_that_come_together_all_wait_for_its_reading(server):
    clock = Clock()
    keys = at(server, clock, refetch_seconds=30)
    server.play(Reply(body=jwks(key("a"))), Reply(body=jwks(key("b")), wait_s=0.1))
    await keys.read()
    clock.now += 31
    found = await asyncio.gather(*(keys.key("b") for _ in range(5)))
    assert [each.kid for each in found] == ["b"] * 5
    assert len(server.asked) == 2


@pytest.mark.parametrize("size", [1, 100])
async def test_a_document_that_comes_in_pieces_is_read_whole(size):
    document = json.dumps(jwks(key("a"), key("b"))).encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(document))
        for start in range(0, len(document), size):
            writer.write(document[start : start + size])
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        keys = KeySet(settings(jwks_url=f"http://127.0.0.1:{port}/jwks").issuers[0], Clock())
        assert (await keys.key("b")).kid == "b"


async def test_while_the_issuer_is_away_known_keys_serve_but_not_for_ever(server):
    clock = Clock()
    keys = at(server, clock, stale_seconds=3600, refetch_seconds=10)
    server.play(Reply(body=jwks(key("a"))), *[Reply(500)] * 9)
    assert await keys.key("a")
    clock.now += 3599
    assert await keys.key("a")
    clock.now += 2
    assert not keys.usable
    with pytest.raises(Unavailable):
        await keys.key("a")


async def test_an_issuer_that_was_never_there_is_asked_at_most_once_a_second(server):
    clock = Clock()
    keys = at(server, clock)
    server.play(*[Reply(503)] * 3, Reply(body=jwks(key("a"))))
    for _ in range(20):
        with pytest.raises(Unavailable):
            await keys.key("a")
    assert len(server.asked) == 1
    for _ in range(2):
        clock.now += 1
        with pytest.raises(Unavailable):
            await keys.key("a")
    clock.now += 1
    assert await keys.key("a")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(302, {"location": "/elsewhere"}),
        Reply(body=[]),
        Reply(body={"keys": []}),
        Reply(body={"keys": [1, {}]}),
        Reply(body={"keys": [{}] * 300}),
        Reply(body="x" * 2_000_000),
        Reply(hang_up=True),
    ],
)
async def test_an_odd_document_changes_nothing(server, reply):
    clock = Clock()
    keys = at(server, clock, refetch_seconds=1)
    server.play(Reply(body=jwks(key("a"))), reply)
    before = await keys.key("a")
    clock.now += 2
    assert await keys.key("b") is None
    assert 2 <= len(server.asked) <= 3  # a connection that breaks off is asked once more by aiohttp itself
    assert await keys.key("a") is before


async def test_a_redirect_is_not_followed(server):
    with Stage() as trap:
        trap.play(Reply(body=jwks(key("evil"))))
        server.play(Reply(302, {"location": f"{trap.url}/jwks"}))
        with pytest.raises(Unavailable):
            await at(server, Clock()).key("evil")
        assert trap.asked == []


async def test_a_file_that_is_replaced_takes_effect(tmp_path):
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(jwks(key("a"))))
    keys = KeySet(settings(jwks_file=str(file)).issuers[0])
    keeping = asyncio.ensure_future(keys.keep())
    assert await keys.key("a")
    draft = tmp_path / "next.json"
    draft.write_text(json.dumps(jwks(key("b"))))
    draft.replace(file)
    while await keys.key("b") is None:
        await asyncio.sleep(0.05)
    assert await keys.key("a") is None
    keeping.cancel()


def test_only_public_keys_for_signatures_count():
    listed = {
        "good": key("a").as_dict(private=False) | {"kid": "good"},
        "private": key("a").as_dict(private=True) | {"kid": "private"},
        "secret": OctKey.generate_key(256, {"kid": "secret"}).as_dict(private=True),
        "encryption": key("a").as_dict(private=False) | {"kid": "encryption", "use": "enc"},
        "short": RSAKey.generate_key(1024, {"kid": "short"}).as_dict(private=False),
        "curve": ECKey.generate_key("secp256k1", {"kid": "curve"}).as_dict(private=False),
        "broken": {"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"},
    }
    assert list(keys_of(json.dumps({"keys": list(listed.values())}).encode())) == ["good"]


def test_of_two_keys_with_one_id_the_first_counts():
    first, second = (key(name).as_dict(private=False) | {"kid": "same"} for name in ("a", "b"))
    found = keys_of(json.dumps({"keys": [first, second]}).encode())
    assert found["same"].as_dict(private=False)["n"] == first["n"]


@given(st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["keys", "kty", "n", "e", "crv", "x", "y", "kid"]), inner, max_size=4)).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_document_is_a_set_of_keys_or_a_value_error(document):
    try:
        assert keys_of(document)
    except ValueError:
        pass
