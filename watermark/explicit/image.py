"""The visible notice on pictures: PNG, JPEG, WebP, GIF, TIFF, AVIF, HEIC; each frame, any mode, upright."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image, ImageOps, ImageSequence, JpegImagePlugin, PngImagePlugin

from watermark.errors import MarkingFailed, Unsupported, WatermarkError
from watermark.explicit import deep
from watermark.explicit.plate import laid, plate

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


def label_image(data: bytes, media_type: str, notice: str, language: str) -> bytes:
    """The picture with the notice on it, in the same format. Raises MarkingFailed, Unsupported.

    A picture that its EXIF turns is turned, so that the notice stands upright. Palettes become true colour (but in
    GIF); pixels outside the plate change only as their format's own re-encoding changes them.
    """
    if media_type not in _FORMATS and media_type not in _HEIF:
        raise Unsupported(f"There is no visible notice for files of type {media_type}.")
    try:
        if media_type in _HEIF:
            return _label_heif(data, notice)
        if deep.is_deep(data):
            return deep.label_deep(data, notice, MAX_PIXELS)
        return _label(data, _FORMATS[media_type], notice)
    except WatermarkError:
        raise
    except Exception as error:
        raise MarkingFailed("The picture cannot be read, so it cannot be labelled.") from error


def _label(data: bytes, kind: str, notice: str) -> bytes:
    with Image.open(io.BytesIO(data), formats=_READERS) as image:
        frames = 1 if kind == "JPEG" else getattr(image, "n_frames", 1)
        _check(image.width, image.height, frames)
        options = _OPTIONS[kind](image, data)
        if frames == 1:
            return _saved([labelled(upright(image), notice)], kind, options)
        return _animated(image, kind, notice, options)


def _animated(image: Image.Image, kind: str, notice: str, options: dict[str, Any]) -> bytes:
    durations: list[Any] = []
    pages: list[Image.Image] = []
    for frame in ImageSequence.Iterator(image):
        durations.append(frame.info.get("duration", 0))
        pages.append(labelled(upright(frame.copy()), notice))
    if kind != "TIFF":
        options["duration"] = durations
        if "loop" in image.info:
            options["loop"] = image.info["loop"]
    if kind == "GIF" and any(page.mode == "RGBA" for page in pages):
        options["disposal"] = 2  # what is transparent must not show the frame before
    return _saved(pages, kind, options)


def _label_heif(data: bytes, notice: str) -> bytes:
    heif = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    _check(*max((page.size for page in heif), key=lambda size: size[0] * size[1]), len(heif))
    out = pillow_heif.HeifFile()  # type: ignore[no-untyped-call]
    for page in heif:
        added = out.add_from_pillow(labelled(page.to_pillow(), notice))
        kept = {key: page.info[key] for key in ("exif", "xmp", "icc_profile") if page.info.get(key)}
        added.info.update(kept)
    target = io.BytesIO()
    out.save(target, quality=_QUALITY)
    return target.getvalue()


def labelled(image: Image.Image, notice: str) -> Image.Image:
    """The picture, or a copy in a mode that can show the notice, with the notice on it."""
    if image.mode not in _AS_THEY_ARE:
        image = image.convert("RGBA" if image.has_transparency_data else "L" if image.mode == "1" else "RGB")
    on = plate(notice, image.width, image.height)
    region = image.crop(on.box)
    dark, light = _tones(image)
    array = np.asarray(region)
    pixels = array[..., None] if array.ndim == 2 else array
    mixed = np.ascontiguousarray(laid(pixels, on, dark, light).reshape(array.shape))
    image.paste(Image.frombytes(region.mode, region.size, mixed.tobytes()), on.box[:2])
    return image


def _tones(image: Image.Image) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What dark and light are in this mode."""
    if image.mode in {"F", "I"}:
        low, high = image.getextrema()
        return (float(low),), (float(high) if high > low else float(low) + 1,)  # type: ignore[operator,arg-type]
    if image.mode.startswith("I;16"):
        return (0,), (65535,)
    return {
        "L": ((0,), (255,)),
        "LA": ((0, 255), (255, 255)),
        "RGB": ((0, 0, 0), (255, 255, 255)),
        "RGBA": ((0, 0, 0, 255), (255, 255, 255, 255)),
        "CMYK": ((0, 0, 0, 255), (0, 0, 0, 0)),
    }[image.mode]


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
