"""Hostile files cost a process at most, and never an answer."""

from __future__ import annotations

import io
import random
import threading
import zipfile
from pathlib import Path

import psutil
import pytest

from gateway.content.examiner import Examiner, Unexamined
from tests.gateway.content.made import picture
from watermark.evidence import Looking

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture(scope="module")
def examiner():
    made = Examiner(seconds=20)
    yield made
    made.close()


def package(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(name, content)
    return file.getvalue()


def damaged(data: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    spoilt = bytearray(data[: chance.randrange(1, len(data))] if seed % 3 == 0 else data)
    for _ in range(chance.randrange(1, 12)):
        spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    return bytes(spoilt)


HOSTILE = {
    "nothing but zeros": bytes(100_000),
    "random bytes": random.Random(1).randbytes(50_000),
    "a zip bomb": package("word/document.xml", b"<w:t xmlns:w='w'>" + b"a" * 200_000_000),
    "entities that grow": package(
        "word/document.xml",
        b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><d><t>&b;</t></d>',
    ),
    "deep nesting": package("word/document.xml", b"<a>" * 100_000),
    "a PDF of nothing": b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]>>endobj trailer<</Root 1 0 R>>",
    "a picture of 2 billion pixels": picture(1)[:16] + b"\x00\x00\xb0\x00\x00\x00\xb0\x00" + picture(1)[24:],
    "open tags": b"<html>" + b"<p <" * 50_000,
    "half a UTF-16": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gets_an_answer(examiner, name) -> None:
    try:
        carried = examiner.examine(HOSTILE[name], "", Looking())
    except Unexamined:
        return
    assert not any(item.state == "present" for item in carried.evidence)


def test_damaged_files_get_an_answer(examiner) -> None:
    media = Path(__file__).parent
    originals = [picture(2), package("word/document.xml", b"<w:p xmlns:w='w'><w:t>Hello</w:t></w:p>")]
    assert media.exists()
    for seed in range(20):
        examiner.examine(damaged(originals[seed % len(originals)], seed), "image/png", Looking())


def children() -> set[psutil.Process]:
    return {one for one in psutil.Process().children() if "gateway.content.examining" in one.cmdline()}


def test_a_process_that_dies_is_told_and_replaced() -> None:
    others, examiner = children(), Examiner(seconds=5)
    examiner.examine(b"some text to begin with", "", Looking())
    (child,) = children() - others
    child.suspend()  # it does not answer any more
    with pytest.raises(Unexamined):
        examiner.examine(b"another text", "", Looking())
    assert not child.is_running()
    assert examiner.examine(b"a third text", "", Looking()).text == "a third text"
    examiner.close()


def test_one_without_memory_is_told() -> None:
    examiner = Examiner(seconds=5, memory=24 * 1024 * 1024)
    with pytest.raises(Unexamined):
        examiner.examine(b"a text " * 10_000_000, "", Looking())
    assert examiner.examine(b"a text", "", Looking()).text == "a text"
    examiner.close()


def test_the_process_inherits_no_secret(monkeypatch) -> None:
    monkeypatch.setenv("DEMO_API_KEY", "planted-secret")
    others, examiner = children(), Examiner(seconds=5)
    examiner.examine(b"a text", "", Looking())
    (child,) = children() - others
    assert "DEMO_API_KEY" not in child.environ()
    examiner.close()


def test_many_threads_share_it() -> None:
    examiner = Examiner(seconds=20, processes=1)
    found = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(examiner.examine(f"text {n}".encode(), "", Looking()).text))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [f"text {n}" for n in range(8)]
    examiner.close()
