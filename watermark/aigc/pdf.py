"""PDF (ISO 32000-2 §14.3.3): the label as an entry of the document information dictionary. Pages are not touched."""

from __future__ import annotations

import io

from watermark.aigc import xmp
from watermark.aigc.label import NAME
from watermark.errors import MalformedMedia

_KEY = f"/{NAME}"


def read(data: bytes) -> list[str]:
    import pikepdf

    with _open(data) as pdf:
        found = [str(pdf.docinfo[_KEY])] if _KEY in pdf.docinfo else []
        metadata = pdf.Root.get("/Metadata")
        if isinstance(metadata, pikepdf.Stream):
            found += xmp.read(metadata.read_bytes())
        return found


def write(data: bytes, value: str) -> bytes:
    import pikepdf

    with _open(data) as pdf:
        if pdf.is_encrypted:
            raise MalformedMedia("the PDF is encrypted, so that nothing can be added to it")
        pdf.docinfo[_KEY] = value
        metadata = pdf.Root.get("/Metadata")
        if isinstance(metadata, pikepdf.Stream) and xmp.read(packet := metadata.read_bytes()):
            metadata.write(xmp.without(packet))
        target = io.BytesIO()
        pdf.save(
            target, preserve_pdfa=False, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none
        )
    return target.getvalue()


def _open(data: bytes):  # type: ignore[no-untyped-def]  # noqa: ANN202  pikepdf is optional
    import pikepdf

    try:
        return pikepdf.open(io.BytesIO(data))
    except pikepdf.PasswordError as error:
        raise MalformedMedia("the PDF cannot be opened without a password") from error
    except (pikepdf.PdfError, ValueError) as error:
        raise MalformedMedia("the PDF cannot be read") from error
