"""The guard's automaton is asked before the guard: it saves a look, and hides no match."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.flow import Span
from gateway.inspection.guard import GuardScanner
from gateway.redaction.escaped import SHORT, matches, reaching_out

GUARD = GuardScanner()
FOUND = (
    "4111 1111 1111 1111",
    "4111111111111111",
    "DE89370400440532013000",
    "postgres://ada:pw1234567890@db.example.com",
    "-----BEGIN RSA PRIVATE KEY-----\n" + "A" * 48,
    "AKIAIOSFODNN7EXAMPLE",
)
pieces = st.lists(st.one_of(st.sampled_from(FOUND), st.text(max_size=12)), max_size=5).map("".join)


@given(pieces, st.text(max_size=3))
@example("\ud800 4111111111111111", "\udfff")
def test_asking_first_finds_what_the_guard_finds(text, context):
    assert matches(GUARD, text, context) == GUARD.find(text, context)


@pytest.mark.parametrize("value", FOUND)
def test_what_is_guarded_is_found(value):
    assert matches(GUARD, f"It is {value}.") == GUARD.find(f"It is {value}.")


def test_a_long_text_is_left_to_the_guard():
    text = "word " * SHORT + "4111111111111111"
    assert matches(GUARD, text) == GUARD.find(text) != []


def test_a_guard_without_an_automaton_is_asked_itself():
    class Bare:
        def find(self, text: str, context: str = "") -> list[str]:
            return [context, text]

    assert matches(Bare(), "text", "context") == ["context", "text"]


def test_a_match_that_begins_inside_another_and_ends_behind_it_is_told():
    class Words:
        """Finds what begins with `two`."""

        def find(self, text: str, context: str = "") -> list[Span]:
            return [Span(0, 9, "SECRET", 0.9, "words")] if text.startswith("two") else []

    assert list(reaching_out(Words(), "one two three", Span(0, 7, "SECRET", 0.9, "words"))) == [
        Span(4, 13, "SECRET", 0.9, "words")
    ]
