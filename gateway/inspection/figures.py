"""Names that everybody knows: people of record and characters of fiction, named where nothing else is personal.

"Summarise Hamlet", "介绍一下李白": such a name says nothing about anybody that the sender knows. So where all the personal
data of a call are such names, they count as nobody's and stay as they are. Beside anything else that is personal (another
name, a telephone number, an address) they are names like all others: a customer may be called as a poet was.

The list is `names/figures.txt`; `training/figures.py` says what is in it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from gateway.flow import Finding
from gateway.inspection.subjects import PERSONAL


def without_figures(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings that count: all of them, or those without the known names where nothing else is personal."""
    personal = [finding for finding in findings if finding.span.label in PERSONAL]
    if not personal or not all(_is_figure(finding) for finding in personal):
        return tuple(findings)
    return tuple(finding for finding in findings if finding.span.label not in PERSONAL)


def _is_figure(finding: Finding) -> bool:
    return finding.span.label == "PERSON" and _plain(finding.value) in _known()


def _plain(name: str) -> str:
    """One writing: without titles, full stops and the dot between the parts of a name in Chinese."""
    plain = unicodedata.normalize("NFKC", name).casefold().replace("·", " ").replace(".", " ")
    return " ".join(plain.split()).removeprefix("sir ").removeprefix("dame ").removeprefix("saint ")


@cache
def _known() -> frozenset[str]:
    lines = Path(__file__).with_name("names").joinpath("figures.txt").read_text("utf-8").splitlines()
    return frozenset(_plain(line) for line in lines if not line.startswith("#"))
