"""What becomes of a marked text on its usual ways: through a browser, a word processor's file, JSON, other encodings."""

from __future__ import annotations

import io
import json
import shutil
import unicodedata
from collections.abc import Iterator
from typing import Any

import docx
import pytest

from watermark.marking import MarkingKeys, Origin
from watermark.text_manifest import TextManifest, read_text_manifest, strip_manifest

TEXT = "The answer is forty-two, naïvely. 答案是四十二。 ❤️"


@pytest.fixture(scope="module")
def marked(origin: Origin, keys: MarkingKeys) -> str:
    manifest = TextManifest(origin, keys)
    return manifest.push(TEXT) + manifest.end()


def test_ways_that_keep_it(marked: str, anchors: bytes) -> None:
    target = io.BytesIO()
    document = docx.Document()
    document.add_paragraph(marked)
    document.save(target)
    for arrived in (
        json.loads(json.dumps(marked)),
        json.loads(json.dumps(marked, ensure_ascii=False).encode()),
        docx.Document(io.BytesIO(target.getvalue())).paragraphs[0].text,
        marked.encode("gb18030").decode("gb18030"),
        marked.encode("utf-16").decode("utf-16"),
        unicodedata.normalize("NFC", marked),
        marked.strip(),
    ):
        assert arrived == marked
        assert read_text_manifest(arrived, anchors).trusted


def test_ways_that_break_it_and_leave_it_to_be_seen(marked: str, anchors: bytes) -> None:
    for arrived in (
        unicodedata.normalize("NFD", marked),
        unicodedata.normalize("NFKC", marked.replace("forty-two", "ﬁve")),
        marked.replace(", ", ",\r\n"),
        f"They said: {marked}",
    ):
        assert read_text_manifest(arrived, anchors).integrity == "tampered"


def test_ways_that_remove_it(marked: str, anchors: bytes) -> None:
    for arrived in (
        marked.encode("gbk", "ignore").decode("gbk"),
        marked.encode("latin-1", "ignore").decode("latin-1"),
        "".join(one for one in marked if unicodedata.category(one) not in {"Cf", "Mn"}),
        marked[: len(TEXT)],
    ):
        assert read_text_manifest(arrived, anchors).integrity == "absent"
        assert strip_manifest(arrived) == arrived


def test_copied_in_a_browser_and_pasted_again(marked: str, anchors: bytes, page: Any) -> None:
    page.set_content('<p id="from" style="white-space:pre-wrap"></p><textarea id="to"></textarea>')
    page.evaluate("text => document.getElementById('from').textContent = text", marked)
    page.evaluate("() => getSelection().selectAllChildren(document.getElementById('from'))")
    page.keyboard.press("Control+C")
    page.focus("#to")
    page.keyboard.press("Control+V")
    arrived = page.input_value("#to")
    assert strip_manifest(arrived).strip() == TEXT
    assert read_text_manifest(arrived, anchors).integrity == "valid"


@pytest.fixture
def page() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        yield context.new_page()
        browser.close()
