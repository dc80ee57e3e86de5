"""The text of pictures, by Tesseract where it is installed: an optional extra of the machine, not of Python.

It runs as a process of its own for each picture, under limits of memory, time and files, and sees no network of ours.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess

from gateway.extraction.gathered import IMAGE, Gathered

PROGRAM = "tesseract"
LANGUAGES = ("eng", "chi_sim")
MISSING = "OCR is on, and tesseract is not installed (Debian: tesseract-ocr, tesseract-ocr-chi-sim)"
_MEMORY = 1_610_612_736
_SECONDS = 30
_LARGEST = 4_194_304


def available() -> bool:
    """Whether pictures can be read on this machine."""
    return shutil.which(PROGRAM) is not None


def read_pictures(gathered: Gathered, seconds: float) -> None:
    """Adds the text of the pictures that were kept; what cannot be read is named unread. `seconds`: for all of them."""
    if not gathered.pictures:
        return
    program = shutil.which(PROGRAM)
    if program is None:
        gathered.skip(IMAGE, MISSING)
        return
    languages = "+".join(_installed(program))
    left = seconds
    for where, picture in gathered.pictures:
        begun = _cpu()
        text = _text(program, languages, picture, max(left, 0.1))
        left -= _cpu() - begun
        if text is None:
            gathered.skip(IMAGE, "a picture that OCR could not read")
        else:
            gathered.text(f"{where} picture", text)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _installed(program: str) -> list[str]:
    """Of our languages those that are there."""
    answer = subprocess.run([program, "--list-langs"], capture_output=True, check=False, timeout=10, env=_environment())
    there = answer.stdout.decode("utf-8", "replace").split()
    return [language for language in LANGUAGES if language in there] or ["eng"]


def _environment() -> dict[str, str]:
    kept = ("PATH", "TESSDATA_PREFIX", "LD_LIBRARY_PATH")
    return {"OMP_THREAD_LIMIT": "1", **{name: os.environ[name] for name in kept if name in os.environ}}


def _text(program: str, languages: str, picture: bytes, seconds: float) -> str | None:
    try:
        answer = subprocess.run(
            [program, "stdin", "stdout", "-l", languages, "--psm", "3"],
            input=picture, capture_output=True, check=False, timeout=seconds, env=_environment(), preexec_fn=_limit,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, OSError):
        return None
    if answer.returncode != 0 or len(answer.stdout) > _LARGEST:
        return None
    return answer.stdout.decode("utf-8", "replace")


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST, _LARGEST))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
