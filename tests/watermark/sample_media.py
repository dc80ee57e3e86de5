"""Small media of every type that marking knows, made on the spot: nothing borrowed, nothing committed."""

from __future__ import annotations

import io
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import av
import docx
import numpy as np
import openpyxl
import pikepdf
import pillow_heif
import pptx
from PIL import Image

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
SVG = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">'
    b'<rect width="40" height="30" fill="#246"/></svg>\n'
)


def picture(width: int = 96, height: int = 64, seed: int = 1) -> Image.Image:
    """A smooth picture with some grain: compresses like a photograph."""
    y, x = np.mgrid[0:height, 0:width]
    base = np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], -1)
    grain = np.random.default_rng(seed).integers(-12, 12, base.shape)
    return Image.fromarray(np.clip(base + grain, 0, 255).astype(np.uint8), "RGB")


def _image(form: str, **options: object) -> bytes:
    target = io.BytesIO()
    picture().save(target, form, **options)
    return target.getvalue()


def _heic() -> bytes:
    target = io.BytesIO()
    pillow_heif.from_pillow(picture()).save(target, quality=80)
    return target.getvalue()


def _animation() -> bytes:
    target = io.BytesIO()
    frames = [picture(seed=seed).quantize(32) for seed in (1, 2, 3)]
    frames[0].save(target, "GIF", save_all=True, append_images=frames[1:], duration=80, loop=0)
    return target.getvalue()


def sound(form: str, codec: str, seconds: float = 0.6, **options: str) -> bytes:
    """A sweep, mono, 24 kHz."""
    target = io.BytesIO()
    rate = 24_000
    time = np.arange(int(rate * seconds)) / rate
    wave = (np.sin(2 * np.pi * (300 + 400 * time) * time) * 9000).astype(np.int16)
    with av.open(target, "w", format=form, options=options) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(wave[None, :], format="s16", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size or 1024
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return target.getvalue()


def film(form: str, codec: str = "mpeg4", **options: str) -> bytes:
    """Twelve frames. On disk, because an index that comes first is written in a second pass."""
    with tempfile.NamedTemporaryFile(suffix=f".{form}") as target:
        _write_film(target.name, form, codec, options)
        return Path(target.name).read_bytes()


def _write_film(path: str, form: str, codec: str, options: dict[str, str]) -> None:
    with av.open(path, "w", format=form, options=options) as container:
        video = container.add_stream(codec, rate=12)
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        for number in range(12):
            container.mux(video.encode(av.VideoFrame.from_image(picture(seed=number))))
        container.mux(video.encode(None))


def film_with_sound() -> bytes:
    """H.264 with frames that wait for later ones, and sound that comes before the first of them."""
    with tempfile.NamedTemporaryFile(suffix=".mp4") as target:
        with av.open(target.name, "w") as container:
            video, audio = (
                container.add_stream("libx264", rate=12),
                container.add_stream("aac", rate=24_000, layout="mono"),
            )
            video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
            silence = np.zeros((1, 24_000), np.float32)
            for start in range(0, 24_000, 1024):
                frame = av.AudioFrame.from_ndarray(silence[:, start : start + 1024], format="fltp", layout="mono")
                frame.sample_rate, frame.pts = 24_000, start
                container.mux(audio.encode(frame))
            for number in range(24):
                container.mux(video.encode(av.VideoFrame.from_image(picture(320, 240, seed=number))))
            container.mux(video.encode(None))
            container.mux(audio.encode(None))
        return Path(target.name).read_bytes()


def _pdf() -> bytes:
    target = io.BytesIO()
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(300, 200))
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font)))
        page.Contents = pdf.make_stream(b"BT /F1 18 Tf 20 100 Td (A page of text) Tj ET")
        pdf.save(target)
    return target.getvalue()


def _word() -> bytes:
    target = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("A paragraph of text.")
    document.save(target)
    return target.getvalue()


def _sheet() -> bytes:
    target = io.BytesIO()
    book = openpyxl.Workbook()
    book.active["A1"] = 42
    book.save(target)
    return target.getvalue()


def _slides() -> bytes:
    target = io.BytesIO()
    show = pptx.Presentation()
    show.slides.add_slide(show.slide_layouts[0]).shapes.title.text = "A slide"
    show.save(target)
    return target.getvalue()


_MAKERS = {
    "image/png": lambda: _image("PNG"),
    "image/jpeg": lambda: _image("JPEG", quality=85),
    "image/webp": lambda: _image("WEBP", quality=80),
    "image/gif": _animation,
    "image/tiff": lambda: _image("TIFF"),
    "image/avif": lambda: _image("AVIF", quality=70),
    "image/heic": _heic,
    "image/svg+xml": lambda: SVG,
    "video/mp4": lambda: film("mp4"),
    "video/quicktime": lambda: film("mov"),
    "video/x-msvideo": lambda: film("avi"),
    "audio/wav": lambda: sound("wav", "pcm_s16le"),
    "audio/mpeg": lambda: sound("mp3", "mp3"),
    "audio/flac": lambda: sound("flac", "flac"),
    "audio/mp4": lambda: sound("ipod", "aac"),
    "application/pdf": _pdf,
    DOCX: _word,
    XLSX: _sheet,
    PPTX: _slides,
}
MANIFEST_TYPES = tuple(list(_MAKERS)[:16])

AIGC_TYPES = tuple(kind for kind in _MAKERS if kind not in {"image/svg+xml", "video/x-msvideo"})


def samples() -> tuple[str, ...]:
    """Every type there is a sample of."""
    return tuple(_MAKERS)


@cache
def sample(media_type: str) -> bytes:
    """A small valid file of this type."""
    return _MAKERS[media_type]()


def archive(entries: dict[str, bytes]) -> bytes:
    """A zip of these entries."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return target.getvalue()
