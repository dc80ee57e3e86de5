"""The guard: what it stops, what it lets through, and that no cut of the stream changes that."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.guard import LONGEST, GuardScanner

GUARD = GuardScanner()
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3MDU5NzQyNTkxIn0.WfhOh1LoZZ0ABC"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj"
VALUES = {
    "sk-proj-2Ov6OsW07j0CzNNJzqbRCt5f8xWcz4AJ": "API_KEY",
    "AKIA" + "LIOG3QEPZNJZH3FO": "API_KEY",
    JWT: "JWT",
    PEM: "PRIVATE_KEY",
    "postgres://root:k6gHrXprD25@db.internal": "CONNECTION_STRING",
    "4111 1111 1111 1111": "CREDIT_CARD",
    "6228480402564890018": "BANK_ACCOUNT",
    "11010519491231002X": "CN_ID",
    "DE89 3704 0044 0532 0130 00": "IBAN",
    "RSSMRA85T10A562S": "NATIONAL_ID",
}
HARMLESS = [
    " the ",
    "In 2026, ",
    "4111 ",
    "1234 5678 ",
    "sk-",
    "eyJ",
    "-----",
    "- a\n",
    "密码",
    "。",
    "https://x.org/a?b=c ",
    "\n",
    "A",
    "0",
]


def streamed(pieces: list[str]) -> tuple[list[tuple[int, int, str]], str]:
    """As the answer's channel does it: all spans found, and all text passed on."""
    unread = context = passed = ""
    found = []
    for number, piece in enumerate([*pieces, ""]):
        unread += piece
        final = len(unread) if number == len(pieces) else GUARD.hold(unread)
        for span in GUARD.find(unread, context):
            if span.end > final:
                final = min(final, span.start)
                break
            found.append((len(passed) + span.start, len(passed) + span.end, span.label))
        passed += unread[:final]
        context, unread = (context + unread[:final])[-64:], unread[final:]
    return found, passed


@pytest.mark.parametrize(("value", "label"), VALUES.items(), ids=lambda item: str(item)[:20])
@pytest.mark.parametrize("around", [("", ""), ("is ", "."), ("号码", "，"), ('"', '"')])
def test_finds_exactly_the_value(value, label, around):
    text = around[0] + value + around[1]
    assert [(text[span.start : span.end], span.label) for span in GUARD.find(text)] == [(value, label)]


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "call 13912345678",
        "li.wei@example.com",
        "-----BEGIN PRIVATE KEY----- starts a PEM file",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "AKIAIOSFODNN7EXAMPLE",
        "John Smith, 12 Main Street",
        "postgres://user:password@host",
    ],
)
def test_lets_through(text):
    assert GUARD.find(text) == []


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("", 0),
        ("the quick brown foxes", 21),
        ("key s", 4),
        ("key sk-abc", 4),
        ("the card 4111 1111", 9),
        ("the card 4111 1111 ", 9),
        ("the card 4111 1111. ", 20),
        ("iban DE89 37", 5),
        ("text ---", 5),
        ("-----BEGIN PRIV", 0),
        ("号码AK", 2),
        ("号码", 2),
    ],
)
def test_holds_what_may_go_on(text, held):
    assert GUARD.hold(text) == held


@pytest.mark.parametrize("value", VALUES, ids=lambda item: str(item)[:20])
def test_every_single_cut_gives_the_same(value):
    text = f"before {value} after"
    whole = streamed([text])
    assert whole[0]
    assert whole[1] == text
    for cut in range(len(text) + 1):
        assert streamed([text[:cut], text[cut:]]) == whole
    assert streamed(list(text)) == whole


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(st.sampled_from([*VALUES]), st.sampled_from(HARMLESS), st.text("aZ9-_. \n中", max_size=6)), max_size=8
    ),
    st.data(),
)
def test_any_cut_of_any_text_gives_the_same(pieces, data):
    text = "".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    parts = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert streamed(parts) == streamed([text])


def test_what_is_held_is_bounded():
    endless = "a1-" * 5000
    assert len(endless) - GUARD.hold(endless) <= LONGEST


def test_labels():
    assert set(VALUES.values()) <= GUARD.labels


def test_a_secret_that_runs_into_another_ends_the_answer_where_it_begins():
    text = f"use postgres://root:k6gHrXprD25@db.internal{PEM}"
    spans = GUARD.find(text)
    assert text[: spans[0].start] == "use "
    assert all(before.end <= behind.start for before, behind in pairwise(spans))
