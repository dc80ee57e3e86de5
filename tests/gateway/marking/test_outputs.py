"""Pictures in the events of a stream, however the events are written, by a real marking worker."""

from __future__ import annotations

import base64
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from gateway.errors import UpstreamFailed
from gateway.heavy_work import HeavyWork
from gateway.marking.demand import _demand
from gateway.marking.outputs import Outputs
from gateway.protocols.sse import EventReader
from tests.gateway.marking.stand import Stand, stand

PIXELS = b"\x89PNG\r\n\x1a\n" + b" pixels" * 60
EVENT = b'{"type":"image_generation.partial_image","b64_json":"' + base64.b64encode(PIXELS) + b'"}'


def outputs(built: Stand, framing: str = "sse") -> Outputs:
    """Of a call of the EU's public, in the parts that marking needs."""
    request = SimpleNamespace(generates=False, framing=framing, model="m", uninspected=())
    flow: Any = SimpleNamespace(
        id="0199-flow", answer=None, labels=(), request=request, receipt=None, time_us=1, who=SimpleNamespace(tenant="acme"),
        provider=SimpleNamespace(name="p"),
    )  # fmt: skip
    services: Any = SimpleNamespace(
        heavy=HeavyWork(), marking=built.client, keys=SimpleNamespace(get=lambda *_: bytes(32)),
        fingerprint_key=lambda _: bytes(32), stamps=SimpleNamespace(wanted=False),
        settings=SimpleNamespace(
            labels=SimpleNamespace(producer_code="c"), marking=SimpleNamespace(largest_bytes=1 << 20)
        ),
    )  # fmt: skip
    return Outputs(flow, services, _demand("DE", "public", date(2026, 11, 26), "auto", frozenset(), "profile", False))


@pytest.mark.parametrize(
    "written",
    [
        b"data: " + EVENT + b"\n\n",
        b"data:" + EVENT + b"\r\n\r\n",
        b"data: " + EVENT + b"\r\r",
        b"event: a\rdata: " + EVENT + b"\r\rdata: " + EVENT + b"\r\r",
        b"\xef\xbb\xbfdata: " + EVENT + b"\n\n",
        b": comment\n\xef\xbb\xbfdata: " + EVENT + b"\n\n",
        b": comment\ndata: " + EVENT[:1] + b"\ndata: " + EVENT[1:] + b"\nid: 7\n\n",
        b"data: " + EVENT,
    ],
)
async def test_every_picture_of_a_stream_is_marked_however_its_events_are_written(
    tmp_path: Path, written: bytes
) -> None:
    async with stand(tmp_path) as built:
        out = await outputs(built).passed(written)
    assert base64.b64encode(PIXELS) + b'"' not in out
    events = list(EventReader().feed(out.replace(b"\r", b"\n") + b"\n\n"))
    said = [orjson.loads(event.data)["b64_json"] for event in events if event.data is not None]
    assert len(said) == written.count(b"b64_json")
    assert all(base64.b64decode(each).startswith(PIXELS + b"0199-flow-0") for each in said)


async def test_the_outputs_of_one_call_are_bounded_together(tmp_path: Path) -> None:
    def event(number: int) -> bytes:
        pixels = base64.b64encode(PIXELS + bytes([number]) * 900_000).decode()
        return f'data: {{"b64_json":"{pixels}"}}\n\n'.encode()

    async with stand(tmp_path) as built:
        call = outputs(built)
        for number in (0, 1, 1, 0):  # the same one is marked once
            assert (await call.passed(event(number))).startswith(b'data: {"b64_json":"')
        with pytest.raises(UpstreamFailed, match="together"):
            await call.passed(event(2))
    assert len(call.made) == 2
