"""Looks at content over HTTP: operators see their tenants' records, the public what the file carries, and not too often."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import httpx
import pytest

from gateway.content.verification import Verification
from gateway.control.deps import Access
from gateway.control.looks import Rate
from gateway.control.operators import Operator, Role
from gateway.errors import TooManyRequests
from gateway.settings import ContentVerification
from tests.gateway.content.made import picture
from tests.gateway.control.conftest import Ask
from tests.gateway.control.parts import ACME_KEY, KEYS, TWO_KEY, SmallVerifier, deps, flow_id, serving
from watermark.aigc import ours, write_aigc

OURS = SmallVerifier.OURS
VERIFY = "/api/content/verify"
MARKED = write_aigc(picture(1), "image/png", ours("001191310", f"{flow_id(3)}-0"))


@pytest.fixture(scope="module")
def open_plane() -> Iterator[str]:
    """One that answers strangers: five looks a minute."""
    with serving(deps(content=ContentVerification(public=True, public_per_minute=5, bytes=65_536))) as url:
        yield url


def key(value: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}


def test_an_operator_sees_whether_the_record_confirms_it(ask: Ask) -> None:
    for request in ({"content": OURS}, {"files": {"file": ("note.txt", OURS)}}):
        answer = ask("POST", VERIFY, **request)
        assert answer.status_code == 200
        told = answer.json()
        assert (told["verdict"], told["flow"], told["public"]) == ("confirmed", flow_id(3), False)
        assert told["matches"][0] == {
            "flow": flow_id(3),
            "output": 0,
            "by": ["exact"],
            "share": 1000,
            "model": "m",
            "stamped": None,
        }
        assert told["title"] == "Confirmed"
    assert ask("POST", f"{VERIFY}?language=zh", content=OURS).json()["title"] == "已证实"


def test_other_tenants_content_is_as_unknown_as_any(ask: Ask) -> None:
    """Flow 3 is acme's."""
    assert ask("POST", VERIFY, key=ACME_KEY, content=OURS).json()["verdict"] == "confirmed"
    assert ask("POST", VERIFY, key=TWO_KEY, content=OURS).json()["verdict"] == "confirmed"
    known = deps().operators
    stranger = Operator("initech", frozenset({Role.COMPLIANCE}), frozenset({"initech"}), known[0].key_sha256)
    with serving(deps(operators=(stranger,))) as url:
        told = httpx.post(url + VERIFY, content=OURS, headers=key(KEYS[Role.OPERATOR])).json()
        assert (told["verdict"], told["matches"], told["flow"]) == ("unknown", [], None)


def test_each_look_of_an_operator_is_told_and_without_that_nothing_is_shown() -> None:
    seen: list[Access] = []

    async def note(operator: Operator, access: Access) -> None:
        seen.append(access)
        if operator.name == "auditor":
            raise OSError("the log is full")

    with serving(deps(on_access=note)) as url:
        assert httpx.post(url + VERIFY, content=OURS, headers=key(KEYS[Role.COMPLIANCE])).status_code == 200
        refused = httpx.post(url + VERIFY, content=OURS, headers=key(KEYS[Role.AUDITOR]))
    assert [(access.action, access.found) for access in seen] == [("content.verify", 1)] * 2
    assert refused.status_code == 503
    assert "verdict" not in refused.text


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"content": b""}, 422),
        ({"files": {"other": ("a", b"b")}}, 400),
        ({"content": b"no form", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 400),
        ({"content": b"x" * 33_554_433}, 413),
    ],
)
def test_what_is_no_content_is_refused(ask: Ask, request_, status) -> None:
    answer = ask("POST", VERIFY, **request_)
    assert answer.status_code == status
    assert answer.json()["error"]["code"].startswith("lexgate_")


def test_strangers_are_refused_where_it_is_not_public(ask: Ask) -> None:
    assert ask("POST", VERIFY, key=None, content=OURS).status_code == 401
    page = ask("POST", "/verify", key=None, files={"file": ("a.txt", OURS)})
    assert page.status_code == 401
    assert "not open to the public" in page.text
    assert flow_id(3) not in page.text
    assert ask("POST", "/verify", key=None, data={"key": "wrong"}, files={"file": ("a", OURS)}).status_code == 401
    approver = ask("POST", "/verify", key=None, data={"key": KEYS[Role.APPROVER]}, files={"file": ("a", OURS)})
    assert approver.status_code == 403


def test_the_page_confirms_with_a_key_in_its_form(ask: Ask) -> None:
    page = ask("POST", "/verify?lang=en", key=None, data={"key": KEYS[Role.AUDITOR]}, files={"file": ("a.txt", OURS)})
    assert page.status_code == 200
    assert flow_id(3) in page.text
    assert KEYS[Role.AUDITOR] not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_public_is_told_what_the_file_carries_and_not_too_often(open_plane: str) -> None:
    answers = [httpx.post(open_plane + VERIFY, content=content) for content in (OURS, b"another text", MARKED)]
    known, unknown, marked = (answer.json() for answer in answers)
    assert known | {"sha256": "", "bytes": 0} == unknown | {"sha256": "", "bytes": 0}
    assert (marked["verdict"], marked["matches"], marked["public"]) == ("claimed", [], True)
    assert httpx.post(open_plane + "/verify", files={"text": (None, OURS)}).status_code == 200
    assert httpx.post(open_plane + VERIFY, content=b"x" * 65_537).status_code == 413
    last = [httpx.post(open_plane + VERIFY, content=b"a text").status_code for _ in range(3)]
    assert 429 in last
    refused = httpx.post(open_plane + VERIFY, content=b"a text")
    assert int(refused.headers["Retry-After"]) >= 1
    assert httpx.post(open_plane + "/verify", files={"text": (None, OURS)}).status_code == 429
    operator = httpx.post(open_plane + VERIFY, content=OURS, headers=key(KEYS[Role.SECURITY]))
    assert operator.json()["verdict"] == "confirmed"  # operators are not counted
    assert httpx.post(open_plane + VERIFY, content=OURS, headers=key("wrong")).status_code == 401


def test_the_rate_is_by_address_and_fills_again() -> None:
    now = [0.0]
    rate = Rate(2, lambda: now[0])
    for _ in range(2):
        rate.take("192.0.2.1")
    with pytest.raises(TooManyRequests) as refused:
        rate.take("192.0.2.1")
    assert refused.value.retry_after == 30
    rate.take("192.0.2.2")
    now[0] = 30.0
    rate.take("192.0.2.1")
    for last in "12":
        rate.take(f"2001:db8::{last}")
    with pytest.raises(TooManyRequests):
        rate.take("2001:db8::3")  # the same network
    rate.take("2001:db8:0:1::3")


def test_languages(ask: Ask) -> None:
    for accepted, asked, found in (
        ("zh-CN,zh;q=0.9,en;q=0.8", "", "zh-CN"),
        ("de-DE,de;q=0.9,en;q=0.3,zh;q=0.2", "", "en"),
        ("fr", "", "en"),
        ("zh", "?lang=en", "en"),
        ("en;q=x, zh;q=0.1", "?lang=fr", "zh-CN"),
    ):
        page = ask("GET", f"/verify{asked}", key=None, headers={"Accept-Language": accepted})
        assert f'<html lang="{found}">' in page.text


async def test_only_so_many_looks_at_once() -> None:
    """Files that are still on their way take room too."""
    with serving(deps(content=ContentVerification(public=True, public_per_minute=6000))) as url:
        host, port = url.removeprefix("http://").split(":")
        waiting = []
        for _ in range(4):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"POST /api/content/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
            await writer.drain()
            waiting.append(writer)
        async with httpx.AsyncClient() as client:
            for _ in range(100):
                stranger = await client.post(url + VERIFY, content=b"a text")
                if stranger.status_code == 503:
                    break
                await asyncio.sleep(0.02)
            operator = await client.post(url + VERIFY, content=OURS, headers=key(KEYS[Role.SECURITY]))
        for writer in waiting:
            writer.close()
    assert stranger.status_code == 503
    assert operator.json()["verdict"] == "confirmed"


class Occupied(SmallVerifier):
    """Looks at strangers' files for as long as it is told."""

    def __init__(self) -> None:
        self.free = threading.Event()

    def public(self, data: bytes, declared: str = "", sidecar: bytes = b"") -> Verification:
        if data == b"slow":
            self.free.wait(60)
        return super().public(data, declared, sidecar)


async def test_files_of_strangers_that_take_long_leave_operators_their_threads() -> None:
    verifier = Occupied()
    with serving(deps(verifier=verifier, content=ContentVerification(public=True, public_per_minute=6000))) as url:
        async with httpx.AsyncClient(timeout=30) as client:
            slow = [asyncio.ensure_future(client.post(url + VERIFY, content=b"slow")) for _ in range(3)]
            await asyncio.sleep(0.3)
            try:
                operator = await client.post(url + VERIFY, content=OURS, headers=key(KEYS[Role.SECURITY]))
            finally:
                verifier.free.set()
            strangers = [(await each).status_code for each in slow]
    assert (operator.json()["verdict"], strangers) == ("confirmed", [200] * 3)
