"""Visible notices, measured as pixels: size, contrast, place and words, on every format, mode and background."""

from __future__ import annotations

import io
import math

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from tests.watermark.explicit.seen import frames_of, has_tesseract, read_out, seen
from watermark.errors import MarkingFailed, Unsupported
from watermark.explicit.image import label_image
from watermark.profile import notices

NOTICE = "【人工智能生成】"
KINDS = {
    "PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif", "TIFF": "image/tiff",
    "AVIF": "image/avif", "HEIC": "image/heic",
}  # fmt: skip


def scene(width: int = 400, height: int = 300, mode: str = "RGB", seed: int = 1) -> Image.Image:
    """Something like a photo: smooth shapes and grain."""
    dice = np.random.default_rng(seed)
    coarse = cv2.resize(
        dice.integers(0, 255, (5, 6, 3)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    return Image.fromarray(np.clip(coarse + dice.normal(0, 4, coarse.shape), 0, 255).astype(np.uint8)).convert(mode)


def written(image: Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    if kind == "HEIC":
        pillow_heif.from_pillow(image).save(target, quality=90)
    else:
        image.save(target, kind, **options)
    return target.getvalue()


def letters(data: bytes, out: bytes, least: int) -> list[int]:
    """Heights of the letters (what is no dot or hyphen) of each frame's label."""
    tall = []
    for before, after in zip(frames_of(data), frames_of(out), strict=True):
        found = seen(before, after)
        assert found.contrast >= 7, found.contrast  # WCAG's enhanced contrast
        tall.append(found.heights[0])
    assert min(tall) >= least, tall
    return tall


@pytest.mark.parametrize("kind", KINDS)
def test_the_letters_are_a_twentieth_of_the_shorter_side_in_every_format(kind: str) -> None:
    data = written(scene(640, 480), kind)
    out = label_image(data, KINDS[kind], NOTICE, "zh")
    letters(data, out, math.ceil(0.05 * 480))
    assert Image.open(io.BytesIO(out)).format == kind if kind != "HEIC" else out[8:12] == b"heic"


@pytest.mark.parametrize("language", sorted(notices()))
def test_each_capital_and_each_letter_without_case_is_tall_enough(language: str) -> None:
    notice = notices()[language]
    data = written(Image.new("RGB", (1000, 1200), "gray"), "PNG")
    out = label_image(data, "image/png", notice, language)
    (before,), (after,) = frames_of(data), frames_of(out)
    found = seen(before, after, 5)
    tall = sum(character.isupper() or ("\u3400" < character < "\u9fff") for character in notice)
    assert sum(height >= 50 for height in found.heights) >= max(1, tall // 2)  # a Han character has several shapes
    left, top, right, bottom = found.box
    assert 0 < left < right < 1000
    assert 1200 * 0.8 < top < bottom < 1200


@pytest.mark.parametrize("ground", ["white", "black", "gray", "#ff0000", "#00ff00", "#0000ff", "#ffff00"])
def test_the_notice_is_legible_on_any_ground(ground: str) -> None:
    data = written(Image.new("RGB", (512, 512), ground), "PNG")
    out = label_image(data, "image/png", "[AI-generated]", "en")
    (before,), (after,) = frames_of(data), frames_of(out)
    found = seen(before, after, 10)
    assert found.contrast >= 7


@pytest.mark.parametrize(("kind", "mode"), [
    ("PNG", "L"), ("PNG", "LA"), ("PNG", "P"), ("PNG", "1"), ("PNG", "RGBA"), ("PNG", "I;16"),
    ("JPEG", "L"), ("JPEG", "CMYK"), ("TIFF", "CMYK"), ("TIFF", "L"), ("TIFF", "P"), ("TIFF", "1"), ("TIFF", "I;16"),
    ("WEBP", "RGBA"), ("AVIF", "RGBA"), ("GIF", "P"), ("GIF", "L"), ("HEIC", "RGBA"),
])  # fmt: skip
def test_every_mode_shows_it(kind: str, mode: str) -> None:
    image = scene(mode="L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    data = written(image, kind)
    letters(data, label_image(data, KINDS[kind], NOTICE, "zh"), 15)


def test_a_transparent_picture_gets_an_opaque_plate() -> None:
    data = written(Image.new("RGBA", (300, 300), (0, 0, 0, 0)), "PNG")
    with Image.open(io.BytesIO(label_image(data, "image/png", NOTICE, "zh"))) as out:
        alpha = np.asarray(out)[..., 3]
    assert 0.05 < (alpha > 200).mean() < 0.3
    assert (alpha == 0).mean() > 0.7


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_every_frame_carries_it_and_time_stays(kind: str) -> None:
    pages = [scene(seed=seed) for seed in range(4)]
    timing = {} if kind == "TIFF" else {"duration": [100, 200, 300, 400], "loop": 3}
    data = written(pages[0], kind, save_all=True, append_images=pages[1:], **timing)
    out = label_image(data, KINDS[kind], NOTICE, "zh")
    letters(data, out, 15)
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(out)) as after:
        assert after.n_frames == before.n_frames == 4
        assert after.info.get("loop") == before.info.get("loop")
        for index in range(4):
            before.seek(index)
            after.seek(index)
            assert after.info.get("duration") == before.info.get("duration")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_turned_photo_is_labelled_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera"
    data = written(scene(360, 240), kind, exif=exif)
    out = label_image(data, KINDS[kind], NOTICE, "zh")
    (before,), (after,) = frames_of(data), frames_of(out)
    left, top, right, bottom = seen(before, after).box
    assert right - left > 3 * (bottom - top)  # one line, lying as readers lie
    assert left > before.shape[1] * 0.3
    assert top > before.shape[0] * 0.6
    with Image.open(io.BytesIO(out)) as image:
        assert image.getexif().get(0x0112, 1) == 1
        assert image.getexif()[0x010F] == "Camera"


@pytest.mark.parametrize("kind", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bits_a_channel_stay_sixteen(kind: str, channels: int) -> None:
    dice = np.random.default_rng(3)
    pixels = dice.integers(0, 65536, (300, 400, channels)).astype(np.uint16)
    pixels[..., 3:] = 65535
    data = cv2.imencode(kind, pixels)[1].tobytes()
    out = label_image(data, "image/png" if kind == ".png" else "image/tiff", NOTICE, "zh")
    after = cv2.imdecode(np.frombuffer(out, np.uint8), cv2.IMREAD_UNCHANGED)
    assert after.dtype == np.uint16
    assert after.shape == pixels.shape
    assert np.array_equal(after[:200], pixels[:200])
    region = after[230:, 150:, :3].max(axis=2)
    assert (region == 65535).any()


def test_pixels_outside_the_plate_stay_in_lossless_files() -> None:
    for kind, options in (("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {"compression": "tiff_lzw"})):
        data = written(scene(), kind, **options)
        (before,), (after,) = frames_of(data), frames_of(label_image(data, KINDS[kind], NOTICE, "zh"))
        assert np.array_equal(before[:230], after[:230])


def test_a_jpeg_is_written_with_its_own_tables() -> None:
    data = written(scene(640, 480), "JPEG", quality=70, subsampling=0, icc_profile=b"a profile")
    with (
        Image.open(io.BytesIO(data)) as before,
        Image.open(io.BytesIO(label_image(data, "image/jpeg", NOTICE, "zh"))) as out,
    ):
        assert out.quantization == before.quantization
        assert out.info["icc_profile"] == b"a profile"
        assert out.layer == before.layer


@pytest.mark.parametrize("size", [(64, 64), (96, 300), (300, 96), (48, 900), (2000, 40)])
def test_a_small_picture_gets_letters_that_can_still_be_read(size: tuple[int, int]) -> None:
    data = written(scene(*size), "PNG")
    letters(data, label_image(data, "image/png", NOTICE, "zh"), 8)


@pytest.mark.parametrize("size", [(16, 16), (1, 1), (2000, 8), (20, 400)])
def test_a_picture_without_room_is_refused_not_passed_on(size: tuple[int, int]) -> None:
    with pytest.raises(MarkingFailed, match="no room"):
        label_image(written(Image.new("RGB", size), "PNG"), "image/png", NOTICE, "zh")


def test_a_huge_picture_is_refused_before_it_is_decoded() -> None:
    bomb = written(Image.new("1", (20_000, 20_000)), "PNG")
    with pytest.raises(MarkingFailed):
        label_image(bomb, "image/png", NOTICE, "zh")


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0\xff\xff\xff\xff", b"no picture at all"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    for media_type in KINDS.values():
        with pytest.raises(MarkingFailed):
            label_image(data, media_type, NOTICE, "zh")


def test_cut_and_damaged_pictures_are_refused_or_labelled_never_passed_on() -> None:
    data = written(scene(), "PNG")
    for end in (40, 200, len(data) // 2):
        with pytest.raises(MarkingFailed):
            label_image(data[:end], "image/png", NOTICE, "zh")


def test_a_type_without_pixels_is_unsupported() -> None:
    with pytest.raises(Unsupported, match="image/svg"):
        label_image(b"<svg/>", "image/svg+xml", NOTICE, "zh")


def test_a_notice_that_the_font_cannot_write_is_refused() -> None:
    for notice in ("", "\u0e01\u0e02", "AI\nAI"):
        with pytest.raises(MarkingFailed, match="font"):
            label_image(written(scene(), "PNG"), "image/png", notice, "th")


@pytest.mark.skipif(not has_tesseract("chi_sim"), reason="tesseract with chi_sim is not installed")
@pytest.mark.parametrize(("notice", "languages", "words"), [
    ("【人工智能生成】", "chi_sim", "人工智能生成"),
    ("[AI-generated]", "eng", "AI-generated"),
    ("[KI-generiert]", "eng", "KI-generiert"),
])  # fmt: skip
def test_a_machine_reads_the_words(notice: str, languages: str, words: str) -> None:
    data = written(scene(800, 600), "JPEG")
    (before,), (after,) = frames_of(data), frames_of(label_image(data, "image/jpeg", notice, "zh"))
    read = read_out(seen(before, after).picture, languages).replace(" ", "")
    assert words in read.replace("l", "I")  # the two look alike in a font without serifs
