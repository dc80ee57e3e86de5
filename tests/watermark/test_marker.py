"""All marks of one output: their order, what a type cannot carry, and that nothing fails in silence."""

from __future__ import annotations

import dataclasses
import io
import json
from typing import Any

import pytest

from tests.watermark.judges import exiftool_labels, pixels, samples_and_frames
from tests.watermark.sample_media import (
    AIGC_TYPES,
    DOCX,
    PPTX,
    SVG,
    XLSX,
    film_with_sound,
    picture,
    sample,
    samples,
    sound,
)
from watermark import marker
from watermark.aigc import AigcLabel, read_aigc, write_aigc
from watermark.errors import MarkingFailed, Unsupported
from watermark.manifest import EMBEDDED, read_manifest, sign_manifest
from watermark.marker import mark
from watermark.marking import Marking, MarkingKeys, Origin

BOTH = Marking("cn", aigc=True, c2pa=True)
OFFICE = (DOCX, XLSX, PPTX)
SOUNDS = {"audio/wav": ("wav", "pcm_s16le"), "audio/mpeg": ("mp3", "mp3")}


@pytest.mark.parametrize("media_type", AIGC_TYPES)
def test_metadata_and_manifest_together(
    media_type: str, origin: Origin, keys: MarkingKeys, anchors: bytes, independent: Any
) -> None:
    """17 of 17: the label reads back, exactly once, and C2PA holds for another implementation."""
    marked = mark(sample(media_type), media_type, origin, BOTH, keys)
    assert marked.carries == ("aigc", "sidecar" if media_type in OFFICE else "c2pa")
    (label,) = read_aigc(marked.data, media_type)
    assert (label.label, label.content_producer, label.produce_id) == ("1", origin.producer, origin.produce_id)
    evidence = read_manifest(marked.data, media_type, anchors, marked.sidecar)
    assert (evidence.integrity, evidence.trusted) == ("valid", True)
    options = {"manifest_store": marked.sidecar} if marked.sidecar else {}
    assert independent(marked.data, media_type, **options)["validation_state"] == "Trusted"


@pytest.mark.parametrize(
    "media_type", ["image/png", "image/jpeg", "image/webp", "image/heic", "audio/wav", "audio/mpeg"]
)
def test_the_explicit_label_comes_first_and_is_covered(
    media_type: str, origin: Origin, keys: MarkingKeys, anchors: bytes
) -> None:
    big = _big(media_type)
    marking = dataclasses.replace(BOTH, notice="AI-generated")
    marked = mark(big, media_type, origin, marking, keys)
    assert marked.carries == ("explicit", "aigc", "c2pa")
    assert read_manifest(marked.data, media_type, anchors).integrity == "valid"
    if media_type == "image/png":
        assert pixels(marked.data) != pixels(big)


def test_a_film_whose_sound_comes_before_its_pictures(origin: Origin, keys: MarkingKeys, anchors: bytes) -> None:
    marked = mark(film_with_sound(), "video/mp4", origin, dataclasses.replace(BOTH, notice="AI-generated"), keys)
    assert marked.carries == ("explicit", "aigc", "c2pa")
    assert read_manifest(marked.data, "video/mp4", anchors).trusted
    assert len(samples_and_frames(marked.data)) >= 24 + 20


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg", "audio/wav", "audio/mpeg"])
def test_all_four_marks_in_one_file(media_type: str, origin: Origin, keys: MarkingKeys, anchors: bytes) -> None:
    """Each is found again through those that were laid over it."""
    from watermark.invisible import audio, image

    marking = Marking("all", notice="AI-generated", invisible=True, aigc=True, c2pa=True)
    plain = sound(*SOUNDS[media_type], seconds=8) if media_type in SOUNDS else _big(media_type, 512)
    marked = mark(plain, media_type, origin, marking, keys)
    assert marked.carries == ("explicit", "invisible", "aigc", "c2pa")
    detect = audio.detect if media_type in SOUNDS else image.detect
    found = detect(marked.data, media_type, keys.invisible)
    assert found is not None
    assert found.payload == origin.payload
    assert [one.produce_id for one in read_aigc(marked.data, media_type)] == [origin.produce_id]
    assert read_manifest(marked.data, media_type, anchors).trusted


def test_the_order_is_explicit_invisible_aigc_c2pa(
    origin: Origin, keys: MarkingKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [name for name, _, _ in marker._STEPS] == ["explicit", "invisible", "aigc", "c2pa"]
    signed: list[bytes] = []

    def seen(data: bytes, *rest: Any, **named: Any) -> Any:
        signed.append(data)
        return sign_manifest(data, *rest, **named)

    monkeypatch.setattr(marker, "sign_manifest", seen)
    marked = mark(sample("image/png"), "image/png", origin, BOTH, keys)
    assert read_aigc(signed[0], "image/png"), "what is signed has the metadata already"
    assert len(marked.data) > len(signed[0])


def test_nothing_asked_nothing_done(origin: Origin, keys: MarkingKeys) -> None:
    marked = mark(sample("image/png"), "image/png", origin, Marking("none"), keys)
    assert (marked.data, marked.carries, marked.sidecar) == (sample("image/png"), (), None)


def test_bytes_decide_what_it_is(origin: Origin, keys: MarkingKeys) -> None:
    marked = mark(sample("image/png"), "image/jpeg", origin, BOTH, keys)
    assert marked.media_type == "image/png"
    assert read_manifest(marked.data, "image/png").integrity == "valid"


@pytest.mark.parametrize(
    "content", [(b"a,b\n1,2\n", "text/csv"), (b"OggS" + bytes(100), "audio/ogg"), (SVG, "image/svg+xml")]
)
def test_what_a_type_cannot_carry_is_refused_told_beside_or_recorded(
    content: tuple[bytes, str], origin: Origin, keys: MarkingKeys, anchors: bytes
) -> None:
    data, media_type = content
    with pytest.raises(Unsupported):
        mark(data, media_type, origin, BOTH, keys)
    recorded = mark(data, media_type, origin, dataclasses.replace(BOTH, unsupported="record"), keys)
    assert "record" in recorded.carries
    beside = mark(data, media_type, origin, dataclasses.replace(BOTH, unsupported="sidecar"), keys)
    if media_type in EMBEDDED:
        assert beside.carries == ("c2pa",)
    else:
        assert beside.carries == ("sidecar",)
        assert beside.data == data
        evidence = read_manifest(data, media_type, anchors, beside.sidecar)
        assert (evidence.integrity, evidence.trusted) == ("valid", True)


@pytest.mark.parametrize("media_type", samples())
@pytest.mark.parametrize("wanted", ["notice", "invisible", "aigc", "c2pa"])
def test_never_silently_unmarked(media_type: str, wanted: str, origin: Origin, keys: MarkingKeys) -> None:
    """Every type, every mark, every policy: the mark, or else an error, a sidecar, a record, as policy says."""
    value: Any = "AI-generated" if wanted == "notice" else True
    marking = Marking("x", **{wanted: value})
    itself = {"explicit" if wanted == "notice" else wanted, *(["sidecar"] if media_type in OFFICE else [])}
    try:
        assert set(mark(sample(media_type), media_type, origin, marking, keys).carries) & itself
    except MarkingFailed:
        return
    except Unsupported:
        for policy, instead in (("sidecar", "sidecar"), ("record", "record")):
            other: Any = dataclasses.replace(marking, unsupported=policy)
            assert mark(sample(media_type), media_type, origin, other, keys).carries == (instead,)


def test_a_failing_step_fails_the_whole(origin: Origin, keys: MarkingKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> bytes:
        raise OSError("no space left; the content was: secret")

    monkeypatch.setattr(marker, "write_aigc", broken)
    for policy in ("block", "sidecar", "record"):
        with pytest.raises(MarkingFailed) as failure:
            mark(sample("image/png"), "image/png", origin, dataclasses.replace(BOTH, unsupported=policy), keys)
        assert "secret" not in str(failure.value)


def test_no_key_no_output(origin: Origin, keys: MarkingKeys) -> None:
    for media_type in ("image/png", DOCX):
        with pytest.raises(MarkingFailed):
            mark(sample(media_type), media_type, origin, BOTH, dataclasses.replace(keys, signer=None))


def test_broken_media_is_an_error_and_no_output(origin: Origin, keys: MarkingKeys) -> None:
    for media_type in AIGC_TYPES:
        cut = sample(media_type)[: len(sample(media_type)) // 3]
        try:
            marked = mark(cut, media_type, origin, BOTH, keys)
        except (MarkingFailed, Unsupported):
            continue
        assert marked.carries[0] == "aigc", "a file that still holds together is marked like any other"
        assert read_aigc(marked.data, marked.media_type)


def test_a_providers_label_and_manifest_are_kept(
    origin: Origin, keys: MarkingKeys, anchors: bytes, tmp_path: Any
) -> None:
    theirs = write_aigc(sample("image/jpeg"), "image/jpeg", AigcLabel("1", "the-provider", "their-id"))
    came = sign_manifest(theirs, "image/jpeg", dataclasses.replace(origin, flow="theirs"), keys).data
    marked = mark(came, "image/jpeg", origin, dataclasses.replace(BOTH, notice="AI-generated"), keys)
    (label,) = read_aigc(marked.data, "image/jpeg")
    assert (label.content_producer, label.produce_id) == ("the-provider", "their-id")
    assert (label.content_propagator, label.propagate_id) == (origin.producer, origin.produce_id)
    assert len([json.loads(text) for text in exiftool_labels(marked.data, "image/jpeg", tmp_path)]) == 1
    evidence = read_manifest(marked.data, "image/jpeg", anchors)
    assert (evidence.integrity, evidence.ingredients, evidence.origin["flow"]) == ("valid", 1, origin.flow)


def _big(media_type: str, side: int = 400) -> bytes:
    """Large enough for a legible notice."""
    if media_type.startswith("audio/"):
        return sample(media_type)
    target = io.BytesIO()
    if media_type == "image/heic":
        import pillow_heif

        pillow_heif.from_pillow(picture(side, side)).save(target)
    else:
        picture(side, side).save(target, media_type.partition("/")[2].upper())
    return target.getvalue()
