"""Time-stamps that are due: noted durably while the authority is down, and had from it when it is back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import Unavailable
from gateway.marking.stamps import Stamps
from tests.watermark import timestamp_authority
from watermark.manifest.timestamp import StampedTime, stamped_time

needs_openssl = pytest.mark.skipif(
    timestamp_authority.OPENSSL is None, reason="openssl plays the authority; it is missing"
)

DIGEST = "ab" * 32


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


@needs_openssl
def test_what_an_authority_did_not_stamp_waits_until_it_does(tmp_path: Path) -> None:
    down = Stamps(tmp_path / "stamps", f"http://127.0.0.1:{closed_port()}/")
    for index in range(3):
        down.add(f"0199-flow-{index}", DIGEST)
    assert down.ask() == 3
    assert [path.name for path in down.due()] == [f"0199-flow-{index}.due" for index in range(3)]
    timestamp_authority.make_authority(tmp_path)
    with timestamp_authority.running(tmp_path) as url:
        again = Stamps(tmp_path / "stamps", url)
        assert again.ask() == 0
    assert again.due() == []
    tokens = sorted((tmp_path / "stamps").glob("*.tst"))
    assert len(tokens) == 3
    assert all(DIGEST.encode() not in token.read_bytes() for token in tokens)


@needs_openssl
async def test_it_is_asked_again_and_again(tmp_path: Path) -> None:
    timestamp_authority.make_authority(tmp_path)
    with timestamp_authority.running(tmp_path) as url:
        stamps = Stamps(tmp_path / "stamps", url)
        stamps.add("0199-flow-0", DIGEST)
        asking = asyncio.ensure_future(stamps.run(0.02))
        while stamps.due():
            await asyncio.sleep(0.02)
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
    assert (tmp_path / "stamps" / "0199-flow-0.tst").exists()


def test_without_an_authority_nothing_is_due_and_without_a_disk_the_output_is_refused(tmp_path: Path) -> None:
    assert not Stamps(tmp_path / "stamps", "").wanted
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable, match="due"):
        Stamps(tmp_path / "file" / "stamps", "http://127.0.0.1:1/").add("0199-flow-0", DIGEST)


@needs_openssl
def test_a_token_tells_when_its_message_existed_and_of_nothing_else(tmp_path: Path) -> None:
    root = timestamp_authority.make_authority(tmp_path)
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    other_root = timestamp_authority.make_authority(stranger)
    before = datetime.now(UTC).replace(microsecond=0)
    with timestamp_authority.running(tmp_path) as url:
        stamps = Stamps(tmp_path / "stamps", url)
        stamps.add("0199-flow-0", DIGEST)
        assert stamps.ask() == 0
    token = stamps.token("0199-flow-0")
    assert token is not None
    assert stamps.token("0199-flow-1") is None
    stamped = stamped_time(token, DIGEST.encode(), root)
    assert stamped is not None
    assert stamped.trusted
    assert before <= stamped.time <= datetime.now(UTC)
    for anchors in (b"", other_root):
        assert stamped_time(token, DIGEST.encode(), anchors) == StampedTime(stamped.time, trusted=False)
    assert stamped_time(token, b"cd" * 32, root) is None
    changed = bytearray(token)
    changed[-1] ^= 1  # of the signature
    assert stamped_time(bytes(changed), DIGEST.encode(), root) == StampedTime(stamped.time, trusted=False)
    for broken in (b"", b"x", token[:-1], token[:40], bytes(500)):
        assert stamped_time(broken, DIGEST.encode(), root) is None
