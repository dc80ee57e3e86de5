"""RFC 3161 time-stamps from a real authority, and what happens when it is down, silent or talks nonsense."""

from __future__ import annotations

import dataclasses
import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.watermark import timestamp_authority as authority
from tests.watermark.sample_media import DOCX, MANIFEST_TYPES, sample
from watermark.errors import MarkingFailed
from watermark.manifest import read_manifest, relay, restamp_manifest, sign_manifest, sign_sidecar
from watermark.marking import MarkingKeys, Origin

pytestmark = pytest.mark.skipif(authority.OPENSSL is None, reason="openssl is not installed")


@pytest.fixture(scope="module")
def time_root(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    folder = tmp_path_factory.mktemp("tsa")
    return folder, authority.make_authority(folder)


@pytest.fixture(scope="module")
def stamping(keys: MarkingKeys, time_root: tuple[Path, bytes]) -> Iterator[MarkingKeys]:
    with authority.running(time_root[0]) as address:
        yield dataclasses.replace(keys, timestamp_url=address)


@pytest.mark.parametrize("media_type", ["image/png", "video/mp4", "audio/mpeg", "application/pdf"])
def test_a_stamp_that_two_implementations_trust(
    media_type: str, origin: Origin, stamping: MarkingKeys, anchors: bytes, time_root: Any, independent: Any
) -> None:
    signed = sign_manifest(sample(media_type), media_type, origin, stamping)
    assert signed.timestamped
    evidence = read_manifest(signed.data, media_type, anchors + time_root[1])
    assert evidence.timestamp is not None
    assert (evidence.timestamp.valid, evidence.timestamp.trusted) == (True, True)
    report = independent(signed.data, media_type, tsa_trust_pem=time_root[1].decode())
    assert "timeStamp.trusted" in {one["code"] for one in report["validation_results"]["success"]}


def test_an_unknown_authority_is_valid_but_not_trusted(origin: Origin, stamping: MarkingKeys, anchors: bytes) -> None:
    signed = sign_manifest(sample("image/png"), "image/png", origin, stamping)
    evidence = read_manifest(signed.data, "image/png", anchors)
    assert (evidence.integrity, evidence.trusted) == ("valid", True)
    assert evidence.timestamp is not None
    assert (evidence.timestamp.valid, evidence.timestamp.trusted) == (True, False)


def test_a_sidecar_is_stamped_too(
    origin: Origin, stamping: MarkingKeys, anchors: bytes, time_root: Any, independent: Any
) -> None:
    signed = sign_sidecar(sample(DOCX), origin, stamping)
    assert signed.timestamped
    evidence = read_manifest(signed.data, DOCX, anchors + time_root[1], signed.sidecar)
    assert evidence.timestamp is not None
    assert evidence.timestamp.trusted
    report = independent(signed.data, DOCX, manifest_store=signed.sidecar, tsa_trust_pem=time_root[1].decode())
    assert "timeStamp.trusted" in {one["code"] for one in report["validation_results"]["success"]}


@pytest.fixture(params=["closed", "silent", "nonsense", "refusing", "no address"])
def unusable(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an authority that gives no time-stamps."""
    monkeypatch.setattr(relay, "TIMEOUT_S", 0.3)
    if request.param == "no address":
        yield "gopher:///x"
        return
    if request.param in {"closed", "silent"}:
        listener = socket.create_server(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        if request.param == "closed":
            listener.close()
        yield address
        listener.close()
        return

    class Useless(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            body = b"\x30\x80\x02\xff\x01nonsense" if request.param == "nonsense" else b"\x30\x05\x30\x03\x02\x01\x02"
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Useless)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_without_an_authority_the_output_is_marked_and_says_that_it_is_not_stamped(
    unusable: str, origin: Origin, keys: MarkingKeys, anchors: bytes
) -> None:
    down = dataclasses.replace(keys, timestamp_url=unusable)
    signed = sign_manifest(sample("image/png"), "image/png", origin, down)
    assert not signed.timestamped
    evidence = read_manifest(signed.data, "image/png", anchors)
    assert (evidence.integrity, evidence.trusted, evidence.timestamp) == ("valid", True, None)
    beside = sign_sidecar(sample(DOCX), origin, down)
    assert not beside.timestamped
    assert read_manifest(beside.data, DOCX, anchors, beside.sidecar).integrity == "valid"
    with pytest.raises(MarkingFailed):
        restamp_manifest(signed.data, "image/png", origin, down)


@pytest.mark.parametrize("media_type", MANIFEST_TYPES)
def test_stamped_later(
    media_type: str,
    origin: Origin,
    keys: MarkingKeys,
    stamping: MarkingKeys,
    anchors: bytes,
    time_root: Any,
    independent: Any,
) -> None:
    """The copy has a second manifest whose parent is the first; what was delivered before stays as it was."""
    delivered = sign_manifest(sample(media_type), media_type, origin, keys).data
    later = restamp_manifest(delivered, media_type, origin, stamping)
    assert later.timestamped
    evidence = read_manifest(later.data, media_type, anchors + time_root[1])
    assert (evidence.integrity, evidence.trusted, evidence.synthetic) == ("valid", True, True)
    assert evidence.timestamp is not None
    assert evidence.timestamp.trusted
    assert evidence.ingredients == 1
    assert evidence.origin["produceId"] == origin.produce_id
    report = independent(later.data, media_type, tsa_trust_pem=time_root[1].decode())
    assert report["validation_state"] == "Trusted"
    assert read_manifest(delivered, media_type, anchors).timestamp is None


def test_nothing_to_stamp_with(origin: Origin, keys: MarkingKeys) -> None:
    with pytest.raises(MarkingFailed, match="no time-stamp authority"):
        restamp_manifest(sample("image/png"), "image/png", origin, keys)
