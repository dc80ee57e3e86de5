"""Picture files edited frame by frame, in any mode and upright: PNG, JPEG, WebP, GIF, TIFF, AVIF, HEIC.

A picture that its EXIF turns is turned, so that nothing added to it lies on its side. Palettes become true colour (but
in GIF). What the edit leaves alone changes only as the format's own re-encoding changes it; a JPEG keeps its tables.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, ImageOps, ImageSequence, JpegImagePlugin, PngImagePlugin

from watermark import deep_pictures
from watermark.errors import MarkingFailed, Unsupported, WatermarkError

MAX_PIXELS = 80_000_000  # of one frame
MAX_ALL_PIXELS = 400_000_000  # of all frames of one file
_QUALITY = 92  # WebP, AVIF, HEIC: their files do not say what they were made with
_FORMATS: Mapping[str, str] = {
    "image/png": "PNG", "image/apng": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF",
    "image/tiff": "TIFF", "image/avif": "AVIF",
}  # fmt: skip
_HEIF = ("image/heic", "image/heif")
_AS_THEY_ARE = ("L", "LA", "RGB", "RGBA", "CMYK", "I;16", "I;16B", "F", "I")
_READERS = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "AVIF")


@dataclass(frozen=True, slots=True)
class Edit:
    """What is done to each frame: a Pillow image, or where Pillow would lose depth, 16-bit samples (BGR or BGRA)."""

    frame: Callable[[Image.Image], Image.Image]
    deep: Callable[[NDArray[Any]], NDArray[Any]]


def knows(media_type: str) -> bool:
    """Whether files of this type can be edited."""
    return media_type in _FORMATS or media_type in _HEIF


def edit_picture(data: bytes, media_type: str, edit: Edit) -> bytes:
    """The file with each frame edited, in the same format. Raises MarkingFailed, Unsupported."""
    if not knows(media_type):
        raise Unsupported(f"Pictures of type {media_type} are not supported.")
    try:
        if media_type in _HEIF:
            return _edit_heif(data, edit)
        if deep_pictures.is_deep(data):
            return deep_pictures.edit_deep(data, edit.deep, MAX_PIXELS)
        return _edit(data, _FORMATS[media_type], edit)
    except WatermarkError:
        raise
    except Exception as error:
        raise MarkingFailed("The picture cannot be read, so it cannot be marked.") from error


def read_picture(data: bytes, media_type: str) -> Image.Image:
    """The first frame, upright, as RGB on white where it is transparent. Raises MarkingFailed, Unsupported."""
    if not knows(media_type):
        raise Unsupported(f"Pictures of type {media_type} are not supported.")
    try:
        image = _first(data, media_type)
        if image.has_transparency_data:
            ground = Image.new("RGBA", image.size, "white")
            return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
        return _grey(image).convert("RGB")
    except WatermarkError:
        raise
    except Exception as error:
        raise MarkingFailed("The picture cannot be read.") from error


def _first(data: bytes, media_type: str) -> Image.Image:
    if media_type in _HEIF:
        heif = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
        _check(heif.size[0], heif.size[1], 1)
        return heif.to_pillow()
    with Image.open(io.BytesIO(data), formats=_READERS) as image:
        _check(image.width, image.height, 1)
        return upright(image)


def _grey(image: Image.Image) -> Image.Image:
    """Sixteen bits of grey as eight, which Pillow would cut instead of scaling."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return image


def _edit(data: bytes, kind: str, edit: Edit) -> bytes:
    with Image.open(io.BytesIO(data), formats=_READERS) as image:
        frames = 1 if kind == "JPEG" else getattr(image, "n_frames", 1)
        _check(image.width, image.height, frames)
        options = _OPTIONS[kind](image, data)
        if frames == 1:
            return _saved([edit.frame(plain(upright(image)))], kind, options)
        return _animated(image, kind, edit, options)


def _animated(image: Image.Image, kind: str, edit: Edit, options: dict[str, Any]) -> bytes:
    durations: list[Any] = []
    pages: list[Image.Image] = []
    for frame in ImageSequence.Iterator(image):
        durations.append(frame.info.get("duration", 0))
        pages.append(edit.frame(plain(upright(frame.copy()))))
    if kind != "TIFF":
        options["duration"] = durations
        if "loop" in image.info:
            options["loop"] = image.info["loop"]
    if kind == "GIF" and any(page.mode == "RGBA" for page in pages):
        options["disposal"] = 2  # what is transparent must not show the frame before
    return _saved(pages, kind, options)


def _edit_heif(data: bytes, edit: Edit) -> bytes:
    heif = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    _check(*max((page.size for page in heif), key=lambda size: size[0] * size[1]), len(heif))
    out = pillow_heif.HeifFile()  # type: ignore[no-untyped-call]
    for page in heif:
        added = out.add_from_pillow(edit.frame(plain(page.to_pillow())))
        kept = {key: page.info[key] for key in ("exif", "xmp", "icc_profile") if page.info.get(key)}
        added.info.update(kept)
    target = io.BytesIO()
    out.save(target, quality=_QUALITY)
    return target.getvalue()


def plain(image: Image.Image) -> Image.Image:
    """The picture in a mode whose pixels can be changed one by one."""
    if image.mode in _AS_THEY_ARE:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "L" if image.mode == "1" else "RGB")


def upright(image: Image.Image) -> Image.Image:
    """As its EXIF says it is to be seen; the result says nothing about turning any more."""
    return ImageOps.exif_transpose(image)


def _check(width: int, height: int, frames: int) -> None:
    if width * height > MAX_PIXELS or width * height * frames > MAX_ALL_PIXELS:
        raise MarkingFailed(
            f"The picture has {frames} frame(s) of {width} by {height} pixels, which is over the limit."
        )


def _saved(pages: list[Image.Image], kind: str, options: dict[str, Any]) -> bytes:
    target = io.BytesIO()
    first = pages[0]
    kept = {key: first.info[key] for key in ("exif", "icc_profile", "xmp", "dpi") if first.info.get(key)}
    if len(pages) > 1:
        options |= {"save_all": True, "append_images": pages[1:]}
    first.save(target, kind, **(kept | options))
    return target.getvalue()


def _png(image: Image.Image, _: bytes) -> dict[str, Any]:
    texts = PngImagePlugin.PngInfo()
    for key, value in getattr(image, "text", {}).items():
        if key != "XML:com.adobe.xmp":
            texts.add_itxt(key, value) if isinstance(value, PngImagePlugin.iTXt) else texts.add_text(key, value)
    return {"pnginfo": texts}


def _jpeg(image: Image.Image, _: bytes) -> dict[str, Any]:
    """With the tables that it was made with, so that little is lost a second time."""
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return {"quality": _QUALITY}
    sampling = JpegImagePlugin.get_sampling(image)
    options: dict[str, Any] = {"qtables": image.quantization, "progressive": bool(image.info.get("progressive"))}
    return options | ({"subsampling": sampling} if sampling >= 0 else {})


def _webp(_: Image.Image, data: bytes) -> dict[str, Any]:
    return {"lossless": b"VP8L" in data[:4096], "quality": _QUALITY}


def _tiff(image: Image.Image, _: bytes) -> dict[str, Any]:
    compression = image.info.get("compression", "raw")
    return {"compression": compression if compression in {"tiff_lzw", "tiff_adobe_deflate", "packbits"} else "raw"}


def _avif(_: Image.Image, __: bytes) -> dict[str, Any]:
    return {"quality": _QUALITY}


def _gif(_: Image.Image, __: bytes) -> dict[str, Any]:
    return {}


_OPTIONS: Mapping[str, Callable[[Image.Image, bytes], dict[str, Any]]] = {
    "PNG": _png, "JPEG": _jpeg, "WEBP": _webp, "TIFF": _tiff, "AVIF": _avif, "GIF": _gif,
}  # fmt: skip
