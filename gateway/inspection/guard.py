"""The inspection of answers as they stream: few, strong patterns, cheap enough for the data worker's own event loop.

What it knows: keys of known vendors, tokens, private keys, URLs with passwords; identifiers whose check digits leave
little to chance. All matches are bounded in length, look at most one character ahead, and begin where no word goes on;
that is what makes the verdict independent of how the answer was cut into chunks.

Use: keep the text that was not passed on; `find` over all of it; what ends at or before `hold` is final; pass on the
text before `hold` (or before a match that reaches beyond it).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import regex

from gateway.flow import Span
from gateway.inspection.automaton import automaton
from gateway.inspection.checksums import cn_resident, fr_nir, it_codice_fiscale, luhn, only_digits
from gateway.inspection.engine import PatternScanner
from gateway.inspection.overlap import resolve
from gateway.inspection.recognizer import Recognizer, Shape, shape
from gateway.inspection.recognizers import global_credit_card, global_iban
from gateway.inspection.recognizers.secret_connection_string import has_password
from gateway.inspection.recognizers.secret_vendor_key import KEYS, UNANCHORED, bounded, is_key
from gateway.protocols.plain_run import Automaton
from gateway.protocols.plain_run_python import NUMBER

LONGEST = 2048
"""Characters; no guarded match is longer."""

_SPACED = 48
"""Characters of the longest identifier that may be written with spaces (an IBAN in groups of four)."""

_LEFT, _RIGHT = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_B = r"[A-Za-z0-9_\-]"

_JWT = rf"eyJ{_B}{{8,600}}\.eyJ{_B}{{4,900}}\.{_B}{{10,500}}"
_LONG_JWT = rf"(?:eyJ{_B}{{8,600}}\.eyJ{_B}{{901}}|eyJ{_B}{{601}})"
_PEM = (
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----(?:\\n|\\r|\s){0,6}"
    r"(?:[A-Z][A-Za-z\-]{1,20}: [^\n]{1,80}\n){0,3}\s{0,2}[A-Za-z0-9+/]{40}"
)
_SCHEMES = (
    r"(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver|oracle|s?ftps?|ssh|smtps?|imaps?"
    r"|ldaps?|kafka|clickhouse|cockroachdb|https?)"
)
_URL = _SCHEMES + r"://[^\s/@:'\"<>]{0,64}:[^\s/@'\"<>]{1,96}@[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,94}[A-Za-z0-9])?"
_CARD = (
    r"(?:\d{13,19}|\d{4}(?: \d{4}){2} \d{1,4}(?: \d{1,3})?|\d{4}(?:-\d{4}){2}-\d{1,4}(?:-\d{1,3})?"
    r"|3\d{3} \d{6} \d{4,5}|3\d{3}-\d{6}-\d{4,5})"
)
_CN_ID = r"(?:\d{17}[0-9Xx]|\d{6} \d{8} \d{3}[0-9Xx])"
_NIR = r"(?:[12]\d{12}|[12]\d{5}2[AB]\d{6}|[12] \d\d \d\d (?:\d\d|2[AB]) \d{3} \d{3} ?)\d\d"
_CODICE = r"[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]"
_IBAN = r"[A-Za-z]{2}\d{2}(?:[ \-]?[0-9A-Za-z]){11,30}"


_POSSESSIVE, _GREEDY = "}+", "}"
"""Possessive repeats save backtracking where a match is completed, and cost much where a beginning is tried."""


def _is_card(value: str) -> bool:
    return global_credit_card.is_card(value)


def _is_bank_card(value: str) -> bool:
    digits = only_digits(value)
    return 16 <= len(digits) <= 19 and digits[:2] in {"62", "60", "81"} and luhn(digits)


def _is_cn_id(value: str) -> bool:
    return cn_resident(value.replace(" ", ""))


def _is_nir(value: str) -> bool:
    return value.replace(" ", "")[3:5] >= "01" and fr_nir(value.replace(" ", ""))


def _bounded(expression: str) -> str:
    return f"{_LEFT}(?:{expression}){_RIGHT}"


def _recognizers() -> Iterator[Recognizer]:
    """What is guarded, as recognisers whose anchors are as small as they can be."""
    keys = [row for row in KEYS if row[0] not in UNANCHORED]
    yield Recognizer(
        "guard_key",
        "API_KEY",
        tuple(shape(anchor, bounded(form), check=is_key, score=0.96) for _, anchor, form in keys),
    )
    yield Recognizer(
        "guard_jwt",
        "JWT",
        (shape(r"\beyJ[A-Za-z0-9_\-]{8}", f"{_LEFT}(?:{_LONG_JWT}|{_JWT})", score=0.99),),
    )
    yield Recognizer("guard_private_key", "PRIVATE_KEY", (shape(r"-----BEGIN ", _PEM, score=1.0),))
    yield Recognizer(
        "guard_url", "CONNECTION_STRING", (shape(rf"\b{_SCHEMES}://", _bounded(_URL), check=has_password, score=0.97),)
    )
    number = r"\b[1-9][0-9]{3}"
    yield Recognizer("guard_card", "CREDIT_CARD", (shape(number, _bounded(_CARD), check=_is_card, score=0.98),))
    yield Recognizer("guard_bank", "BANK_ACCOUNT", (shape(number, _bounded(_CARD), check=_is_bank_card, score=0.98),))
    yield Recognizer("guard_cn_id", "CN_ID", (shape(number, _bounded(_CN_ID), check=_is_cn_id, score=1.0),))
    yield Recognizer(
        "guard_nir",
        "NATIONAL_ID",
        (
            shape(r"\b[12] ?[0-9]{2} ?[0-9]{2} ?", _bounded(_NIR), check=_is_nir, score=0.98),
            shape(r"\b[A-Z]{6}[0-9]{2}[A-Z]", _bounded(_CODICE), check=it_codice_fiscale, score=0.98),
        ),
    )
    yield Recognizer("guard_iban", "IBAN", (Shape(r"\b[A-Za-z]{2}[0-9]{2}", global_iban.complete, expression=_IBAN),))


ANY = 1
"""The mark of expressions without check digits; NUMBER is the other."""
_STARTS = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]|(?<![0-9A-Za-z_~.\-])[_~.]")
_SPACED_STARTS = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]|[A-Za-z]{2}[0-9])")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


def _compiled(expression: str) -> Any:
    return regex.compile(expression, regex.V0, cache_pattern=False)  # type: ignore[no-untyped-call]


def _vendors(without: frozenset[str]) -> str:
    """The keys of all vendors but some, as one expression."""
    return "|".join(f"(?:{form.replace(_POSSESSIVE, _GREEDY)})" for name, _, form in KEYS if name not in without)


def _from_their_first(chosen: Sequence[Span], found: Sequence[Span]) -> Iterator[Span]:
    """What stands, each from where the first match begins that it won against: an answer ends before that one."""
    behind = 0
    for span in chosen:
        first = min((each.start for each in found if each.start < span.start < each.end), default=span.start)
        start = max(first, behind)
        yield span if start == span.start else span._replace(start=start)
        behind = span.end


class _Own(threading.local):
    """A scanner for each thread that asks: Hyperscan's scratch space is not shared."""

    def __init__(self, recognizers: Sequence[Recognizer], cache: Path | None) -> None:
        self.scanner = PatternScanner(recognizers, cache)


class GuardScanner:
    """Stateless; for any thread. `labels`: what it can find. `cache`: see `matcher.build`."""

    def __init__(self, cache: Path | None = None) -> None:
        recognizers = tuple(_recognizers())
        self.labels = frozenset(recognizer.label for recognizer in recognizers)
        self._own = _Own(recognizers, cache)
        vendor = _vendors(UNANCHORED)
        # Without the look-around: what stands left of a start is checked by the starts, what follows is unknown.
        self._token: Any = _compiled(f"{vendor}|{_LONG_JWT}|{_JWT}|{_URL}|{_CARD}|{_CN_ID}|{_NIR}|{_CODICE}|{_IBAN}")
        self._spaced: Any = _compiled(f"{_CARD}|{_CN_ID}|{_NIR}|{_IBAN}")
        self._pem: Any = _compiled(_PEM)

    def warm(self) -> None:
        """Makes now what the first stream would wait for."""
        self.hold("")
        _ = self.automaton

    @cached_property
    def automaton(self) -> Automaton:
        """The same expressions for streams, see `gateway.protocols.plain_run`: where it is sure, it says what `hold` says."""
        numbers = f"{_CARD}|{_CN_ID}|{_NIR}"
        tokens = f"{_vendors(UNANCHORED)}|{_LONG_JWT}|{_JWT}|{_URL}|{_CODICE}|{_IBAN}"
        made = automaton([[(tokens, ANY), (numbers, NUMBER)], [(f"{numbers}|{_IBAN}", ANY)]])
        return Automaton(*made.packed(), *made.starts)

    def find(self, text: str, context: str = "") -> list[Span]:
        """Guarded matches that begin in `text`, disjoint, in order. `context` is what stood before (64 are enough)."""
        whole, before = context + text, len(context)
        found = self._own.scanner.find(whole)
        if found and before:
            found = [span for span in found if span.start >= before]
        if not found:
            return found
        chosen = resolve(whole, found)
        if len(chosen) < len(found):
            chosen = list(_from_their_first(chosen, found))
        return [Span(span.start - before, span.end - before, span.label, span.score, span.detector) for span in chosen]

    def hold(self, text: str) -> int:
        """The smallest index such that text[index:] may still begin, or be, or extend a match; len(text) if none."""
        length = len(text)
        if not length:
            return 0
        floor = max(0, length - LONGEST)
        held = length
        token = max(floor, _token_start(text, floor))
        if token < length:
            held = self._first(self._token, text, _STARTS, token, held)
        held = self._first(self._spaced, text, _SPACED_STARTS, max(0, length - _SPACED), held)
        return self._pem_start(text, held)

    def _first(self, expression: Any, text: str, starts: re.Pattern[str], begin: int, held: int) -> int:
        """The first start from `begin` on whose whole rest may be the beginning of a match, else `held`."""
        for match in starts.finditer(text, begin, held):
            if expression.fullmatch(text, match.start(), partial=True):
                return match.start()
        return held

    def _pem_start(self, text: str, held: int) -> int:
        """A private key's header has spaces and lines in it; it begins at a dash."""
        place = text.find("-", max(0, len(text) - 600))
        while 0 <= place < held:
            if self._pem.fullmatch(text, place, partial=True):
                return place
            following = text.find("-----B", place + 1)
            place = following if following >= 0 else _trailing_dashes(text, place + 1)
        return held


def _token_start(text: str, floor: int) -> int:
    """Where the run of printable ASCII at the end of the text begins."""
    return floor + len(text[floor:].rstrip(_PRINTABLE))


def _trailing_dashes(text: str, floor: int) -> int:
    """The beginning of the dashes a text ends with (a header may only just begin), -1 if it does not."""
    start = len(text)
    while start > floor and text[start - 1] == "-":
        start -= 1
    return start if start < len(text) else -1
