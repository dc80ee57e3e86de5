"""What is personal by its form and nobody's all the same: names that everybody knows, people invented for a story or a sum,
authors that are cited, values that documentation uses for its examples.

"Summarise Hamlet", "介绍一下李白", "Write a ghost story about Tamsin Quill": such a name says nothing about anybody that the
sender knows. So where all the personal data of a call are such names, they count as nobody's and stay as they are. Beside
anything else that is personal (another name, a telephone number, an address) they are names like all others: a customer may
be called as a poet was.

Known names are in `names/figures.txt`; `training/figures.py` says what is in it. Those that many people have too (Jane, 王平),
and parts of known ones, count only beside two others, as in the cast of a novel. Rulers are known by their numeral or byname. What kind of text a name
or a value stands in is told by hints (`content/hints.yaml`): they hold for the part of the call that they were found in, and
not at all where the call speaks of people the sender knows or of anything sensitive.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path as File

from gateway.flow import CLASS, Finding, Path, Span
from gateway.inspection.content.classes import SOURCE_CODE
from gateway.inspection.examples import NETWORKING, TESTING, is_example
from gateway.inspection.subjects import PERSONAL

FICTION, EXERCISE, CITATION, CULTURE = "fiction", "exercise", "citation", "culture"
ACQUAINTANCE = "acquaintance"
HINTS = frozenset({FICTION, EXERCISE, CITATION, CULTURE, TESTING, NETWORKING, ACQUAINTANCE})
"""Classes that tell what kind of text names stand in; no categories of content."""

_EVERY = (TESTING, NETWORKING)
_COMPANY = 2
"""Known names beside which a name counts that many have."""
_DOUBTFUL = 0.6
"""Score below which a name that stands beside known ones is more likely none."""
_DOUBTFUL_BESIDE = 2
"""So many doubtful ones beside each known."""
_CAST = 12
"""Names in one text: more are a list of people, not a story's."""
_STAND_INS = frozenset({"alice", "bob", "carol", "charlie", "dave", "eve", "mallory", "trent"})
"""Who stands for two parties in examples: two of them together are nobody."""
_RULER = re.compile(
    r"(?:de |di |of |von |король )?\w[\w'’-]+ (?:I{1,3}|IV|VI{0,3}|IX|X{1,2}(?:I{1,3}|IV|VI{0,3}|IX)?)(?: [A-Z]\w+)?"
)
_BYNAME = re.compile(r"[A-Z]\w+(?: [IVX]+)? the [A-Z]\w+")
_TITLE = re.compile(
    r"(?:sir|dame|saint|st|san|santa|lord|lady|king|queen|emperor|empress|prince|princess|pope|president|captain|admiral|general"
    r"|professor|detective|inspector|kaiser|könig|königin|papst|rey|reina|roi|reine|empereur|de|di|du|von|of)\s+"
)
_JOINED = re.compile(r"\s*(?:,|;|/|、|，|&|\band\b|\bund\b|\bet\b|\by\b|\be\b|和|与|及)\s*")


@dataclass(frozen=True, slots=True)
class _Known:
    """Names as `_plain` writes them: those known by themselves, and those known beside others."""

    alone: frozenset[str]
    beside: frozenset[str]


def without_figures(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings that count: all of them, or those without the names that are nobody's where nothing else is personal."""
    personal = [finding for finding in findings if finding.span.label in PERSONAL]
    if not personal or not _all_nobodys(personal, findings):
        return tuple(findings)
    return tuple(
        finding for finding in findings if finding.span.label not in PERSONAL and finding.span.detector not in HINTS
    )


def needs_hints(text: str, spans: Sequence[Span]) -> bool:
    """Whether it hangs on the kind of text if these findings are nobody's: else no hint is looked for."""
    others = False
    for span in spans:
        if span.label in PERSONAL and span.label != "PERSON":
            if not is_example(span.label, text[span.start : span.end], _EVERY):
                return False
            others = True
    known = _figures().alone
    return others or any(not _is_known(text[span.start : span.end], known) for span in spans if span.label == "PERSON")


def _all_nobodys(personal: Sequence[Finding], findings: Sequence[Finding]) -> bool:
    hints = _hints(findings)
    names: list[Finding] = []
    for finding in personal:
        if finding.span.label == "PERSON":
            names.append(finding)
        elif not is_example(finding.span.label, finding.value, hints.get(finding.path, frozenset())):
            return False
    if len({finding.value.lower() for finding in names} & _STAND_INS) >= _COMPANY:
        names = [finding for finding in names if finding.value.lower() not in _STAND_INS]
    strangers = [finding for finding in names if not _is_known(finding.value, _figures().alone)]
    if not strangers:
        return True
    known = len({finding.value for finding in names}) - len({finding.value for finding in strangers})
    figures = _figures()
    cast = figures.alone | figures.beside if known >= _COMPANY else figures.alone
    invented: set[str] = set()
    doubtful: set[str] = set()
    for finding in strangers:
        if _is_invented(finding.value, hints.get(finding.path, frozenset()), known):
            invented.add(finding.value)
        elif known >= _COMPANY and _is_known(finding.value, cast):
            continue
        elif finding.span.score < _DOUBTFUL:
            doubtful.add(finding.value)
        else:
            return False
    return len(doubtful) <= known * _DOUBTFUL_BESIDE and len(invented) <= _CAST


def _hints(findings: Sequence[Finding]) -> Mapping[Path, frozenset[str]]:
    """What kind of text each part is, for a call that is about nothing else."""
    of_part: dict[Path, set[str]] = {}
    for finding in findings:
        if finding.span.label == CLASS:
            of_part.setdefault(finding.path, set()).add(finding.span.detector)
    classes: set[str] = set().union(*of_part.values())
    if ACQUAINTANCE in classes or classes - HINTS - {SOURCE_CODE}:
        return {}
    return {path: frozenset(found) for path, found in of_part.items()}


def _is_invented(name: str, hints: Collection[str], known: int) -> bool:
    """Whether a name in a text of this kind is nobody the sender knows. A sum's people have one name only.

    In a text about history or films it is, where names that everybody knows stand beside it.
    """
    if FICTION in hints or CITATION in hints or (CULTURE in hints and known > 0):
        return True
    return EXERCISE in hints and len(name.split()) == 1


def _is_known(name: str, known: Collection[str]) -> bool:
    """Whether everybody knows it, or all names of a list that was found as one."""
    return _is_figure(name, known) or all(_is_figure(part, known) for part in _JOINED.split(name) if part)


def _is_figure(name: str, known: Collection[str]) -> bool:
    plain = _plain(name)
    if plain in known or _TITLE.sub("", plain, count=1) in known:
        return True
    return _BYNAME.fullmatch(name) is not None or _RULER.fullmatch(name) is not None


def _plain(name: str) -> str:
    """One writing: without titles, accents, full stops, a genitive and the dot between the parts of a name in Chinese."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    if not plain.isascii():
        plain = "".join(character for character in plain if not unicodedata.combining(character))
    for written, meant in (("·", " "), ("・", " "), (".", " "), ("’", "'")):
        plain = plain.replace(written, meant)
    plain = " ".join(plain.split()).removesuffix("'s").removesuffix("'")
    return plain.removeprefix("sir ").removeprefix("dame ").removeprefix("saint ")


@cache
def _figures() -> _Known:
    lines = File(__file__).with_name("names").joinpath("figures.txt").read_text("utf-8").splitlines()
    alone = {_plain(line) for line in lines if line[0] not in "#~"}
    cut = {part for name in alone if len(name) > 3 and _is_han(name) for part in (name[1:], name[:-1])}
    beside = {_plain(line[1:]) for line in lines if line[0] == "~"}
    halves = {part for name in alone if name.isascii() for part in name.split() if len(part) > 2}
    return _Known(frozenset(alone | cut), frozenset(beside | halves))


def _is_han(name: str) -> bool:
    """Four ideographs or more: the model often leaves the first or the last one out."""
    return all("\u3400" <= character <= "\u9fff" for character in name)
