"""The visible notice on documents: PDF, DOCX, PPTX, XLSX."""

from __future__ import annotations

from collections.abc import Mapping

from watermark.errors import Unsupported
from watermark.explicit.ooxml import label_office
from watermark.explicit.pdf import label_pdf
from watermark.explicit.plate import font_for

_OFFICE: Mapping[str, str] = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}


def label_document(data: bytes, media_type: str, notice: str, language: str) -> bytes:
    """The document with the notice, in the same format. Raises MarkingFailed, Unsupported."""
    if media_type == "application/pdf":
        return label_pdf(data, notice)
    if media_type not in _OFFICE:
        raise Unsupported(f"There is no visible notice for files of type {media_type}.")
    font_for(notice)  # one set of notices for all media
    return label_office(data, _OFFICE[media_type], notice)
