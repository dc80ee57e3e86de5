"""Nothing that stands in a file, a picture, a prompt or a recording, nor what they are called, is anywhere in the clear."""

from __future__ import annotations

import base64
import io
import json
import time
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from PIL import Image

from tests.e2e.product import Product, files_of, running
from tests.gateway.extraction.samples import archive, pdf, sheet
from tests.providers.audio import RECORDING

pytestmark = pytest.mark.e2e

PLACES = (
    "name of a file", "text of a file", "name in an archive", "text in an archive", "name of a broken file", "broken file",
    "name of a file of a false type", "title of a document", "text of a document", "description of a picture",
    "prompt of a picture", "prompt of a picture abroad", "text to be spoken", "name of a recording", "words of a recording",
    "prompt of a recording", "name of a picture to be edited", "prompt of an edit", "encrypted file", "name of a table",
)  # fmt: skip
VALUES = {place: f"Quitte{number:02}Zwieselstein" for number, place in enumerate(PLACES)}
"""One for each place, so that a leak says where it comes from. No detector knows them: they are in the clear for nobody."""


def writings(value: str) -> dict[str, bytes]:
    """The ways in which bytes could stand in a file."""
    plain = value.encode()
    ways = {
        "plain": plain,
        "lower": plain.lower(),
        "hex": plain.hex().encode(),
        "HEX": plain.hex().upper().encode(),
        "UTF-16": value.encode("utf-16-le"),
        "UTF-16 BE": value.encode("utf-16-be"),
        "quoted": quote(value, safe="").encode(),
    }
    for shift in range(3):
        for name, encode in (("Base64", base64.b64encode), ("Base64 for URLs", base64.urlsafe_b64encode)):
            code = encode(b"x" * shift + plain)
            ways[f"{name} {shift}"] = code[4 if shift else 0 : len(code) // 4 * 4 - 4]
    return ways


def test_a_value_is_found_in_any_writing() -> None:
    value = VALUES["text of a file"]
    for before in (b"", b"a", b"ab", b"abc"):
        code = base64.b64encode(before + value.encode() + b" and more")
        assert any(written in code for written in writings(value).values())


def photograph() -> bytes:
    picture, about = Image.new("RGB", (16, 16)), Image.Exif()
    about[0x010E] = VALUES["description of a picture"]  # ImageDescription
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=about)
    return buffer.getvalue()


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGBA", (64, 64)).save(buffer, "PNG")
    return buffer.getvalue()


def url_of(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


FILES = (
    (VALUES["name of a file"] + ".pdf", pdf(VALUES["text of a file"], author=""), "application/pdf"),
    ("a.zip", archive(**{VALUES["name in an archive"] + "_dot_txt": VALUES["text in an archive"].encode()}), "application/zip"),
    (VALUES["name of a broken file"] + ".pdf", b"%PDF-1.7 " + VALUES["broken file"].encode(), "application/pdf"),
    (VALUES["name of a file of a false type"] + ".pdf", sheet(), "application/pdf"),
    (VALUES["name of a table"] + ".xlsx", sheet(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("b.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + VALUES["encrypted file"].encode() + "EncryptedPackage".encode("utf-16-le"), ""),
)  # fmt: skip


def ask(product: Product) -> list[httpx.Response]:
    """Calls that carry every value, at home and abroad, for one's own people and for the public."""
    answers = []

    def post(path: str, caller: str = "crm", **more: object) -> None:
        answers.append(httpx.post(product.url + path, headers=product.headers(caller), timeout=90, **more))  # type: ignore[arg-type]

    for model in ("home/echo", "echo", "home/status-500", "home/malformed"):
        for name, content, media_type in FILES:
            file = {"type": "file", "file": {"filename": name, "file_data": url_of(content, media_type)}}
            post("/v1/chat/completions", json={"model": model, "messages": [{"role": "user", "content": [file]}]})
        picture = {"type": "image_url", "image_url": {"url": url_of(photograph(), "image/jpeg")}}
        post("/v1/chat/completions", json={"model": model, "messages": [{"role": "user", "content": [picture]}]})
        source = {"type": "base64", "media_type": "application/pdf", "data": base64.b64encode(pdf(VALUES["text of a document"], author="")).decode()}  # fmt: skip
        document = {"type": "document", "title": VALUES["title of a document"], "source": source}
        post(
            "/v1/messages",
            json={"model": model, "max_tokens": 20, "messages": [{"role": "user", "content": [document]}]},
        )
        for caller in ("crm", "site"):
            place = "prompt of a picture" if model.startswith("home") else "prompt of a picture abroad"
            post("/v1/images/generations", caller, json={"model": model, "prompt": VALUES[place]})
            post(
                "/v1/images/generations",
                caller,
                json={"model": model, "prompt": VALUES[place], "response_format": "url"},
            )
            spoken = {"model": model, "voice": "alloy", "input": VALUES["text to be spoken"], "response_format": "wav"}
            post("/v1/audio/speech", caller, json=spoken)
            edit = {"image": (VALUES["name of a picture to be edited"] + ".png", png(), "image/png")}
            post("/v1/images/edits", caller, data={"model": model, "prompt": VALUES["prompt of an edit"]}, files=edit)
            heard = {"file": (VALUES["name of a recording"] + ".wav", RECORDING + VALUES["words of a recording"].encode(), "audio/wav")}  # fmt: skip
            post(
                "/v1/audio/transcriptions",
                caller,
                data={"model": model, "prompt": VALUES["prompt of a recording"]},
                files=heard,
            )
    return answers


def found_in(folder: Path) -> list[tuple[str, str, str]]:
    """(place, writing, file) of every value that stands in a file of the gateway's."""
    known = {(place, way): written for place, value in VALUES.items() for way, written in writings(value).items()}
    found = []
    for file, content in files_of(folder):
        found += [
            (place, way, str(file.relative_to(folder))) for (place, way), written in known.items() if written in content
        ]
    return found


def test_no_value_of_a_file_or_medium_is_in_the_clear(tmp_path: Path) -> None:
    with running(tmp_path) as product:
        answers = ask(product)
        metrics = httpx.get(f"{product.control_url}/metrics", headers=product.officer).text
        time.sleep(1.5)  # settlements
        records = httpx.get(f"{product.control_url}/api/records", params={"limit": 200}, headers=product.officer).text
        assert found_in(tmp_path) == []  # while it runs: the journal, sockets, staged files
        assert product.stop() == 0
    assert {200, 403} <= {answer.status_code for answer in answers}
    carried = json.dumps(product.requests(), default=lambda body: body.decode("latin-1"))
    assert VALUES["prompt of a picture"] in carried  # it was there to be leaked
    said = [metrics, records, *(answer.text for answer in answers if answer.status_code != 200)]
    for place, value in VALUES.items():
        for text in said:
            assert value not in text, place
    assert found_in(tmp_path) == []
