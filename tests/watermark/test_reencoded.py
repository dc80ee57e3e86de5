"""What is left of implicit marks after FFmpeg has written a file anew: the label where it copies tags, no valid manifest."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.watermark.judges import EXTENSIONS, need
from tests.watermark.sample_media import sample
from watermark.aigc import read_aigc
from watermark.manifest import read_manifest
from watermark.marker import mark
from watermark.marking import Marking, MarkingKeys, Origin

WAYS = (
    ("audio/mpeg", ("-c:a", "libmp3lame", "-b:a", "64k"), True),
    ("audio/flac", ("-c:a", "flac"), True),
    ("video/mp4", ("-c", "copy"), False),
    ("video/mp4", ("-c", "copy", "-movflags", "use_metadata_tags"), True),
    ("audio/wav", ("-c:a", "pcm_s16le", "-ar", "16000"), False),
)


@pytest.mark.parametrize(("media_type", "options", "kept"), WAYS)
def test_reencoded(
    media_type: str,
    options: tuple[str, ...],
    kept: bool,
    tmp_path: Path,
    origin: Origin,
    keys: MarkingKeys,
    anchors: bytes,
) -> None:
    marked = mark(sample(media_type), media_type, origin, Marking("x", aigc=True, c2pa=True), keys)
    extension = EXTENSIONS.get(media_type, media_type.partition("/")[2])
    before, after = tmp_path / f"before.{extension}", tmp_path / f"after.{extension}"
    before.write_bytes(marked.data)
    subprocess.run(
        [need("ffmpeg"), "-v", "error", "-i", str(before), *options, str(after)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    labels = read_aigc(after.read_bytes(), media_type)
    assert [one.produce_id for one in labels] == ([origin.produce_id] if kept else [])
    assert read_manifest(after.read_bytes(), media_type, anchors).integrity != "valid"
