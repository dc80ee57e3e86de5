"""Files that are broken anywhere: what can be read is read, the rest is named, and nothing else happens."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.extraction.extract import Reading, extract, warm
from tests.gateway.extraction.samples import MAIL, archive, pdf, sheet, slides, word

SAMPLES = {
    "pdf": pdf("some words", "more", attachment=("a.csv", b"a,b\n1,2\n")),
    "docx": word(),
    "xlsx": sheet(),
    "pptx": slides(),
    "mail": MAIL,
    "zip": archive(a_dot_txt=b"words", b_dot_zip=archive(c_dot_txt=b"inside")),
    "html": b"<!doctype html><p>words <!-- and --><img src='data:text/plain;base64,aGk='></p>",
}


@pytest.fixture(scope="module", autouse=True)
def _warmed() -> None:
    warm()


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("kind", SAMPLES)
@given(data=st.data())
def test_a_file_with_broken_bytes_is_read_or_named(kind: str, data: st.DataObject) -> None:
    content = bytearray(SAMPLES[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(1, 9))] = data.draw(st.binary(max_size=9))
    extracted = extract(bytes(content), "", "", Reading())
    assert extracted.texts or extracted.unread


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.binary(max_size=400))
def test_any_bytes_at_all(content: bytes) -> None:
    extracted = extract(content, "a.bin", "", Reading())
    assert ("name", "a.bin") in extracted.texts
    assert len(extracted.texts) > 1 or extracted.unread or not content.strip(b"\0\r\n\t ")
