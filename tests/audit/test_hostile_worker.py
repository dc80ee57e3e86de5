"""A worker that sends whatever it likes loses its connection; the log, the other workers and the next start go on."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import orjson
import pytest

from audit.appender import Appender
from audit.errors import LogUnavailable
from audit.record import SealedLeaf, seal
from audit.store.inspect import verify_store
from audit.wire import Frame, pack, pack_append, pack_json
from tests.audit.lab import Lab, eventually, intent, new_flow, outcome

HELLO = pack_json(Frame.HELLO, {"writer": "bad"})
HEAD = ("kind", "flow", "flows", "time_us", "row", "keys", "reservation", "keep")


def append_of(leaf: SealedLeaf, n: int, **changed: Any) -> bytes:
    """The frame that appends a leaf, with members of its head changed."""
    whole = pack_append(n, leaf, [], "", None)
    n, size, *sizes = struct.unpack_from(">QIIII", whole, 5)
    head = dict(zip(HEAD, orjson.loads(whole[29 : 29 + size]), strict=True)) | changed
    said = orjson.dumps(list(head.values()))
    return pack(Frame.APPEND, struct.pack(">QIIII", n, len(said), *sizes) + said + whole[29 + size :])


def row(lab: Lab, flow: str) -> list[Any]:
    return list(seal(intent(flow), lab.keyring, "bad", 1, 0).row or ())


async def cut_off(lab: Lab, *frames: bytes) -> None:
    """Say hello and send these: the log writer hangs up."""
    reader, writer = await asyncio.open_unix_connection(str(lab.socket))
    writer.write(HELLO)
    await reader.readexactly(5)
    writer.write(b"".join(frames))
    while await asyncio.wait_for(reader.read(65_536), 10):
        pass
    writer.close()


async def goes_on(lab: Lab, log: Appender) -> None:
    """Another worker is served, and after a death the log starts and verifies."""
    await log.append(outcome(new_flow(), "denied"))
    lab.kill()
    lab.start()
    await asyncio.to_thread(lab.stop)


LENGTHS = {
    "none": b"",
    "half of them": bytes(10),
    "a head beyond the end": struct.pack(">QIIII", 0, 1 << 31, 0, 0, 0) + b"[]",
    "pieces beyond the end": struct.pack(">QIIII", 0, 2, 1, 1, 0xFFFFFFFF) + b"[]",
    "sizes whose sum overflows": struct.pack(">QIIII", 0, *[0xFFFFFFFF] * 4),
}


@pytest.mark.parametrize("body", LENGTHS.values(), ids=LENGTHS)
async def test_lengths_that_are_not_those_of_the_frame(lab: Lab, body: bytes) -> None:
    log = await lab.connect()
    await cut_off(lab, pack(Frame.APPEND, body))
    await goes_on(lab, log)
    assert verify_store(lab.store, lab.keyring).problems == []


@pytest.mark.parametrize("n", [1, 2**32, 2**64 - 1])
async def test_a_number_out_of_order(lab: Lab, n: int) -> None:
    log, flow = await lab.connect(), new_flow()
    leaf = seal(intent(flow), lab.keyring, "bad", 1, min(n, 2**32))
    await cut_off(lab, append_of(leaf, n))
    await goes_on(lab, log)
    assert lab.records().get(flow) is None


CHANGED: dict[str, dict[str, Any]] = {
    "a time that no table takes": {"time_us": 2**63},
    "a time that is none": {"time_us": "now"},
    "a negative time": {"time_us": -1},
    "a flow that is none": {"flow": 7},
    "a flow that is a list": {"flow": ["x"]},
    "a kind that is a list": {"kind": []},
    "no row": {"row": None},
    "a short row": {"row": ["acme"]},
    "a row of numbers": {"row": [2**63] * 14},
    "tags that are numbers": {"row": [""] * 10 + [[2**63]] * 4},
    "a key that is none": {"keys": [[1, 2, 3, 4]]},
    "a key of half a row": {"keys": [["00"]]},
    "a reservation that is none": {"reservation": {"a": 1}},
    "subjects that are none": {"reservation": "x", "keep": {"cn_pi": 5}},
    "what is kept is a list": {"keep": ["x"]},
}


@pytest.mark.parametrize("changed", CHANGED.values(), ids=CHANGED)
async def test_a_head_of_other_types(lab: Lab, changed: dict[str, Any]) -> None:
    log, flow = await lab.connect(), new_flow()
    key = seal(intent(new_flow()), lab.keyring, "bad", 1, 0)
    await cut_off(lab, append_of(key, 0), append_of(seal(intent(flow), lab.keyring, "bad", 1, 1), 1, **changed))
    await goes_on(lab, log)
    statuses = [record["status"] for record in lab.records().find("", limit=100).records]
    assert sorted(statuses) == ["denied", "interrupted"]


async def test_a_settle_leaf_with_a_row_opens_no_flow(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    leaf = seal(intent(flow), lab.keyring, "bad", 1, 0)
    await cut_off(lab, append_of(leaf._replace(entry=leaf.entry.replace(b'"intent"', b'"settle"')), 0, kind="settle"))
    await goes_on(lab, log)
    assert lab.records().get(flow) is None


RESERVE: dict[str, Any] = {"id": 1, "flow": "f", "tenant": "acme", "uses": [["c", "2026", ["s"]]], "now_us": 1}


@pytest.mark.parametrize(
    "changed",
    [{"tenant": {}}, {"flow": []}, {"uses": [[{}, "2026", ["s"]]]}, {"uses": [["c", "2026", [7]]]}, {"uses": 1},
     {"uses": [["c", "rolling12m", ["s"]]], "now_us": 2**63}, {"uses": [["c", "rolling12m", ["s"]]], "now_us": "x"}],
)  # fmt: skip
async def test_a_reservation_of_other_types(lab: Lab, changed: dict[str, Any]) -> None:
    log = await lab.connect()
    await cut_off(lab, pack_json(Frame.RESERVE, RESERVE | changed))
    await goes_on(lab, log)
    assert verify_store(lab.store, lab.keyring).problems == []


@pytest.mark.parametrize("writer", [7, [], {}, "", "log", "é", None])
async def test_a_writer_of_no_name(lab: Lab, writer: object) -> None:
    log = await lab.connect()
    reader, stream = await asyncio.open_unix_connection(str(lab.socket))
    stream.write(pack_json(Frame.HELLO, {"writer": writer}))
    assert await asyncio.wait_for(reader.read(), 10) == b""
    stream.close()
    await goes_on(lab, log)


@pytest.mark.parametrize("piece", ["entry", "disclosed", "sealed"])
async def test_bytes_that_are_no_leaf_are_told_of_and_stop_nothing(lab: Lab, piece: str) -> None:
    """What a worker states is its own: the log keeps it as it came, and its verification says that it is no leaf."""
    leaf = seal(intent(new_flow()), lab.keyring, "bad", 1, 0)
    garbage = b'\xff"k":"intent","n":0,"t":' if piece == "entry" else b"\xff\xff"
    reader, writer = await asyncio.open_unix_connection(str(lab.socket))
    writer.write(HELLO + append_of(leaf._replace(**{piece: garbage}), 0))
    await reader.readexactly(5)
    others = await lab.connect()
    await asyncio.gather(*(others.append(intent(new_flow())) for _ in range(64)))  # by way of the journal
    lab.kill()
    writer.close()
    lab.start()
    await asyncio.to_thread(lab.stop)
    assert verify_store(lab.store, lab.keyring).problems


async def test_what_cannot_be_committed_ends_the_log_writer_before_it_signs(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a transaction must not be tried again: its leaves would stand in the tree twice."""
    from audit import service
    from audit.sequencer import Log

    await asyncio.to_thread(lab.stop)
    log = Log.open(lab.store, lab.keyring, "lexgate/test")
    serving = service._Service(log)
    stream = ("w", log.open_stream("w"))
    leaf = seal(intent(new_flow()), lab.keyring, *stream, 0)
    for key in leaf.user_keys:
        log.add_user_key((key.id, key.tenant, key.user, key.wrapped))
    log.append(stream, 0, leaf._replace(time_us=2**70))
    serving._commit()
    assert serving.failed.is_set()
    with pytest.raises(Exception, match="store failed"):
        serving.finish()
    log.abandon()
    lab.start()
    await asyncio.to_thread(lab.stop)
    assert verify_store(lab.store, lab.keyring).problems == []


async def test_a_worker_whose_end_nobody_hears_of_is_cut_off(lab: Lab) -> None:
    log = await lab.connect()
    flow = new_flow()
    await log.append(intent(flow))
    log.abort()
    await eventually(lambda: (lab.records().get(flow) or {})["status"] == "interrupted")
    with pytest.raises(LogUnavailable):
        await log.append(outcome(flow))
