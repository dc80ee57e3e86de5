"""Findings are kept where their message stood last, made anew elsewhere, and counted with their values."""

from __future__ import annotations

from typing import Any

from gateway.flow import Part, PartKind, Path, Span
from gateway.inspection.subjects import canonical
from gateway.inspection.verdict import FindingsOf, Verdict
from gateway.lineage.ancestry import said
from gateway.protocols.request import Segment

TEXT = "Mail Ana@Example.com"
MAIL = Span(5, 20, "EMAIL", 1.0, "email")
ACME = FindingsOf(bytes(32), "acme")


class Walked:
    """What was read of a message."""

    def __init__(self, path: Path, text: str) -> None:
        self.parts = [Part((*path, "content"), PartKind.TEXT, text)]


def message(*path: str | int, text: str = TEXT) -> Segment:
    def walk(_value: Any, at: Path, _role: str) -> Any:
        return Walked(at, text)

    return Segment(path, b"content", "user", None, walk)


def learned(*spans: tuple[int, Span], inside: tuple[tuple[int, Span, str], ...] = ()) -> Verdict:
    return Verdict(spans, (), said((), bytes(32)), inside=inside)


def test_a_message_that_comes_back_has_the_same_findings_and_at_another_place_has_its_own() -> None:
    verdict = learned((0, MAIL))
    (first,) = verdict.findings(message("messages", 0), ACME)
    assert verdict.findings(message("messages", 0), ACME)[0] is first
    (moved,) = verdict.findings(message("messages", 2), ACME)
    assert moved.path == ("messages", 2, "content")
    assert (moved.value, moved.subject, moved.canonical) == (first.value, first.subject, "ana@example.com")
    assert verdict.findings(message("messages", 0), ACME) == (first,)


def test_a_value_is_known_by_the_writing_that_a_guard_compares() -> None:
    verdict = learned(inside=((0, MAIL, "Li@Example.com"),))
    (found,) = verdict.findings(message("messages", 0), ACME)
    assert found.canonical == canonical("EMAIL", found.value) == "li@example.com"


def test_a_long_value_is_counted_with_its_length() -> None:
    passage = Span(0, 1_000_000, "REGISTERED_DOCUMENT", 1.0, "own")
    assert learned((0, MAIL)).size < 1_000
    assert learned((0, passage)).size > 4_000_000
    assert learned(inside=((0, MAIL, "x" * 1_000_000),)).size > 4_000_000


def test_no_value_shows_where_a_verdict_is_shown() -> None:
    verdict = learned((0, MAIL), inside=((0, MAIL, TEXT),))
    assert "example" not in f"{verdict!r} {verdict.findings(message('messages', 0), ACME)!r} {verdict.placed!r}".lower()
