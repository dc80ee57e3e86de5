"""A third implementation, in TypeScript, agrees where it reads: PNG, JPEG, HEIC, AVIF, valid and tampered."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.watermark.judges import bound_offset
from tests.watermark.sample_media import sample
from watermark.marker import mark
from watermark.marking import Marking, MarkingKeys, Origin

NODE = Path(__file__).parents[2] / "e2e" / "node"
TYPES = ("image/png", "image/jpeg", "image/heic", "image/avif")


def test_valid_and_tampered(origin: Origin, keys: MarkingKeys, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules" / "@trustnxt" / "c2pa-ts").is_dir():
        pytest.skip("c2pa-ts is not installed: `make install-dev` with npm")
    expected = {}
    for media_type in TYPES:
        marked = mark(sample(media_type), media_type, origin, Marking("x", aigc=True, c2pa=True), keys).data
        changed = bytearray(marked)
        changed[bound_offset(marked, sample(media_type), random.Random(media_type))] ^= 0x55
        for name, data, valid in (("whole", marked, True), ("changed", bytes(changed), False)):
            path = tmp_path / f"{name}.{media_type.partition('/')[2]}"
            path.write_bytes(data)
            expected[str(path)] = valid
    done = subprocess.run(
        [node, str(NODE / "c2pa_judge.mjs"), *expected], capture_output=True, text=True, check=True, timeout=60
    )
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert {one["path"]: one["valid"] for one in verdicts} == expected
