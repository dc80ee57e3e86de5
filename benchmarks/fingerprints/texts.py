"""Texts to find again and texts that must not be found: what is installed on the machine as documentation.

    where                        what                                      licences
    installed Python packages    README, *.md, *.rst, docstrings           those of the packages (MIT, Apache-2.0, BSD, PSF)
    /usr/share/man               manual pages, also in Chinese             GPL, GFDL, BSD, MIT; Perl: Artistic
    /usr/share/doc               *.txt, *.md, *.html, also in Chinese      those of the Debian packages

`--texts FOLDER` adds more: the published figures used Debian's manpages-zh (GFDL), debian-reference-zh-cn (GPL-2+),
maint-guide-zh-cn (GPL-2+) and debmake-doc (MIT), unpacked with `dpkg -x`. Nothing of it is kept or passed on.

A sentence is used once: what packages copy from one another is no false match but the same text.
"""

from __future__ import annotations

import ast
import gzip
import html
import re
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Language = Literal["en", "zh"]

WORDS, CHARACTERS = 150, 300
"""Length of a text: about a paragraph of an answer, 1 KB."""
LARGEST = 2_000_000
INSTALLED = (
    Path(sysconfig.get_path("purelib")),
    Path("/usr/share/man"),
    Path("/usr/share/doc"),
    Path("/usr/share/perl"),
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_SENTENCE = re.compile(r"(?<=[.!?。！？；;])\s*")
_MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_ROFF = re.compile(r"^[.'].*$|\\f.|\\[&^|]|\\\*\(..", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Text:
    """One text, and which language it is in."""

    language: Language
    text: str
    source: str  # the package that it is documentation of


def gather(folders: Iterable[Path]) -> Iterator[Text]:
    """Texts of equal length out of all documents below `folders`, in a fixed order."""
    seen: set[str] = set()
    waiting: dict[Language, list[str]] = {"en": [], "zh": []}
    before = ""
    for folder in folders:
        for source, document in _documents(folder):
            if source != before:  # no text is of two sources
                waiting, before = {"en": [], "zh": []}, source
            for sentence in _SENTENCE.split(document):
                cleaned = " ".join(sentence.split())
                language: Language = "zh" if len(_HAN.findall(cleaned)) * 3 > len(cleaned) else "en"
                if not _is_prose(cleaned, language) or cleaned.lower() in seen:
                    continue
                seen.add(cleaned.lower())
                waiting[language].append(cleaned)
                yield from _full(waiting, language, source)


def _full(waiting: dict[Language, list[str]], language: Language, source: str) -> Iterator[Text]:
    text = (" " if language == "en" else "").join(waiting[language])
    if (len(text.split()) if language == "en" else len(_HAN.findall(text))) >= (
        WORDS if language == "en" else CHARACTERS
    ):
        waiting[language] = []
        yield Text(language, text, source)


def _is_prose(sentence: str, language: Language) -> bool:
    """Sentences, not tables, listings and headings."""
    if language == "zh":
        return len(_HAN.findall(sentence)) >= 8
    words = sentence.split()
    return len(words) >= 6 and sum(word.isalpha() for word in words) * 3 > len(words) * 2


def _documents(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        name = path.name.removesuffix(".gz")
        suffix = name.rpartition(".")[2].lower()
        manual = "/man/" in str(path) and suffix[:1].isdigit()
        if not (manual or suffix in {"md", "rst", "txt", "html", "htm", "py", "pod"}) or not path.is_file():
            continue
        if path.stat().st_size > LARGEST or name.lower() in {"copyright", "license.txt", "licenses.txt"}:
            continue
        try:
            raw = gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()
            for document in _read(raw[:LARGEST].decode("utf-8"), "man" if manual else suffix):
                yield _source(path.relative_to(folder), manual), document
        except (OSError, EOFError, UnicodeDecodeError, SyntaxError, ValueError, RecursionError):
            continue  # not a text: another one is


def _source(path: Path, manual: bool) -> str:
    """The project that a document belongs to: the first word of its package's or manual page's name (git-log: git)."""
    name = path.name if manual else path.parts[0]
    word = re.split(r"[-_.:\d]", re.sub(r"^(lib|python3?|node)-?(?=.)", "", name.lower()))[0]
    return word or name.lower()


def _read(document: str, kind: str) -> Iterator[str]:
    if kind == "py":
        for node in ast.walk(ast.parse(document)):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                yield ast.get_docstring(node) or ""
    elif kind in {"html", "htm"}:
        yield html.unescape(_MARKUP.sub(" ", document))
    elif kind == "man":
        yield _ROFF.sub("", document).replace("\\-", "-")
    else:
        yield document
