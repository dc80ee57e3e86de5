"""Real programs between marking and detection: a browser's screenshot, ffmpeg, a Word document."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import docx
import numpy as np
import pytest
from docx.shared import Inches
from PIL import Image

from tests.watermark.invisible.scenes import coded, scene
from watermark.explicit.image import label_image
from watermark.invisible.image import detect, embed

KEY = bytes(range(32))
PAYLOAD = 0x0123_4567_89AB_CDEF
CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def marked() -> bytes:
    """A labelled and marked picture, as it leaves."""
    return embed(label_image(coded(scene(9), "PNG"), "image/png", "【人工智能生成】", "zh"), "image/png", PAYLOAD, KEY)


def payload(data: bytes, media_type: str) -> int | None:
    found = detect(data, media_type, KEY)
    return found.payload if found else None


@pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")
@pytest.mark.parametrize(("width", "ratio"), [(640, 1.0), (520, 1.25)])
def test_a_screenshot_of_a_page_in_chromium(marked: bytes, tmp_path: Path, width: int, ratio: float) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    (tmp_path / "picture.png").write_bytes(marked)
    page_text = f'<body style="margin:40px;background:#eee"><h1>News</h1><img src="picture.png" width="{width}"><p>Below it.</p>'
    (tmp_path / "page.html").write_text(page_text)
    with sync_api.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 860, "height": 900}, device_scale_factor=ratio)
        page.goto((tmp_path / "page.html").as_uri())
        shot = page.screenshot(type="jpeg", quality=85)
        browser.close()
    assert payload(shot, "image/jpeg") == PAYLOAD


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize(
    ("options", "form", "media_type"),
    [
        ("-vf scale=iw*0.73:ih*0.73 -q:v 5", "jpg", "image/jpeg"),
        ("-vf hflip,crop=iw*0.85:ih*0.85 -c:v libwebp -quality 60", "webp", "image/webp"),
    ],
)
def test_ffmpeg(marked: bytes, tmp_path: Path, options: str, form: str, media_type: str) -> None:
    (tmp_path / "in.png").write_bytes(marked)
    call = ["ffmpeg", "-v", "error", "-i", "in.png", *options.split(), "-frames:v", "1", f"out.{form}"]
    subprocess.run(call, cwd=tmp_path, check=True, timeout=60)
    assert payload((tmp_path / f"out.{form}").read_bytes(), media_type) == PAYLOAD


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_a_film_of_the_picture(marked: bytes, tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(marked)
    make = "ffmpeg -v error -loop 1 -i in.png -t 0.5 -c:v libx264 -crf 26 -pix_fmt yuv420p film.mp4"
    show = "ffmpeg -v error -i film.mp4 -frames:v 1 out.png"
    for call in (make, show):
        subprocess.run(call.split(), cwd=tmp_path, check=True, timeout=60)
    assert payload((tmp_path / "out.png").read_bytes(), "image/png") == PAYLOAD


def test_a_word_document_and_back(marked: bytes) -> None:
    paper, target = docx.Document(), io.BytesIO()
    paper.add_picture(io.BytesIO(marked), width=Inches(4))
    paper.save(target)
    with zipfile.ZipFile(io.BytesIO(target.getvalue())) as parts:
        (name,) = [name for name in parts.namelist() if name.startswith("word/media/")]
        assert payload(parts.read(name), "image/png") == PAYLOAD


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_a_word_document_printed_to_pdf(marked: bytes, tmp_path: Path) -> None:
    import pypdfium2

    paper = docx.Document()
    paper.add_picture(io.BytesIO(marked), width=Inches(5))
    paper.save(str(tmp_path / "a.docx"))
    call = [
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--convert-to",
        "pdf",
        "a.docx",
    ]
    subprocess.run(call, cwd=tmp_path, check=True, timeout=170, capture_output=True)
    shown = pypdfium2.PdfDocument(tmp_path / "a.pdf")[0].render(scale=2).to_pil().convert("RGB")
    assert payload(coded(np.asarray(shown), "PNG"), "image/png") == PAYLOAD


def test_colours_grey_and_half_the_quality(marked: bytes) -> None:
    grey = Image.open(io.BytesIO(marked)).convert("L").point(lambda value: value * 0.8 + 30)
    target = io.BytesIO()
    grey.save(target, "JPEG", quality=50)
    assert payload(target.getvalue(), "image/jpeg") == PAYLOAD
