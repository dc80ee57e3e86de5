"""Real ways of texts: through a browser's clipboard into an editable field, and through word processors."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

CHROMIUM = "/usr/bin/chromium"
_PAGE = """<!doctype html><meta charset="utf-8"><article id="from" style="width:30em"></article>
<div id="to" contenteditable="true"></div>"""


def pasted(texts: Sequence[str]) -> list[str]:
    """Each text shown as a web page's paragraphs, copied with the keyboard and pasted into a rich editable field."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_content(_PAGE)
        found = []
        for text in texts:
            page.evaluate(
                """text => { const from = document.getElementById('from');
                    from.replaceChildren(...text.split(/(?<=[.。] ?)/).map(piece => {
                        const p = document.createElement('p'); p.textContent = piece; return p; }));
                    document.getElementById('to').replaceChildren();
                    document.activeElement.blur();
                    getSelection().selectAllChildren(from); }""",
                text,
            )
            page.keyboard.press("Control+C")
            page.focus("#to")
            page.keyboard.press("Control+V")
            found.append(page.inner_text("#to"))
        browser.close()
    return found


def through_docx(texts: Sequence[str]) -> list[str]:
    """Each text written into a DOCX by python-docx and read back."""
    from docx import Document

    found = []
    for text in texts:
        document = Document()
        for paragraph in text.split(". "):
            document.add_paragraph(paragraph, style="List Bullet")
        file = BytesIO()
        document.save(file)
        file.seek(0)
        found.append("\n".join(paragraph.text for paragraph in Document(file).paragraphs))
    return found


def through_office(texts: Sequence[str]) -> list[str]:
    """All texts at once through LibreOffice: DOCX to ODT to plain text, one paragraph each."""
    from docx import Document

    office = shutil.which("soffice")
    if office is None:
        raise FileNotFoundError("soffice")
    with _folder() as folder:
        document = Document()
        for text in texts:
            document.add_paragraph(" ".join(text.split()))
        document.save(str(folder / "texts.docx"))
        for kind, name in (("odt", "texts.docx"), ("txt:Text (encoded):UTF8", "texts.odt")):
            command = [office, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", kind]
            subprocess.run(
                [*command, "--outdir", str(folder), str(folder / name)], check=True, capture_output=True, timeout=120
            )
        lines = (folder / "texts.txt").read_text("utf-8-sig").splitlines()
    return [line for line in lines if line.strip()]


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="lexgate-texts-") as name:
        yield Path(name)
