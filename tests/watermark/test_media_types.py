"""What a file is, by its bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.watermark.sample_media import DOCX, archive, sample, samples
from watermark.media_types import canonical, sniff


@pytest.mark.parametrize("media_type", samples())
def test_every_type_is_known_by_its_bytes_alone(media_type: str) -> None:
    assert sniff(sample(media_type)) == media_type


def test_bytes_win_over_what_is_declared() -> None:
    assert sniff(sample("image/png"), "image/jpeg") == "image/png"


def test_a_declaration_decides_only_where_bytes_cannot() -> None:
    film = b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00isom" + bytes(20)
    assert sniff(film) == "video/mp4"
    assert sniff(film, "audio/x-m4a; codecs=mp4a") == "audio/mp4"
    assert sniff(film, "image/png") == "video/mp4"


def test_a_zip_is_a_document_only_with_its_parts() -> None:
    assert sniff(archive({"a.txt": b"x"})) == ""
    assert sniff(archive({"[Content_Types].xml": b"", "word/document.xml": b""})) == DOCX
    assert sniff(b"PK\x03\x04 and nothing more") == ""


def test_text_is_of_no_known_type() -> None:
    assert sniff(b"An answer.", "text/plain") == ""
    assert sniff(b"") == ""


def test_names_of_types() -> None:
    assert canonical("Image/JPG; q=1") == "image/jpeg"
    assert canonical("audio/x-wav") == "audio/wav"
    assert canonical("text/plain") == "text/plain"


@given(st.binary(max_size=200), st.text(max_size=20))
def test_no_bytes_break_it(data: bytes, declared: str) -> None:
    assert isinstance(sniff(data, declared), str)
    assert isinstance(sniff(b"PK\x03\x04" + data, declared), str)
    assert isinstance(sniff(data[:4] + b"ftyp" + data[4:], declared), str)
