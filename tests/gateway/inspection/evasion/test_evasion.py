"""Disguised values are found, and their spans are exactly what was written: see cases.py, and report.py for the shares."""

from __future__ import annotations

import pytest

from gateway.inspection.engine import Engine
from tests.gateway.inspection.evasion.cases import cases
from tests.gateway.inspection.evasion.report import shares

EVERY = list(cases())
FLOOR = 0.95


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(names=False)


def test_there_are_enough_cases_and_each_is_what_it_says() -> None:
    assert len(EVERY) >= 600
    assert len({case.text for case in EVERY}) == len(EVERY)
    assert all(0 <= case.start < case.end <= len(case.text) for case in EVERY)


@pytest.mark.parametrize("family", sorted({case.family for case in EVERY}))
def test_disguised_values_are_found_with_exact_spans(family: str, engine: Engine) -> None:
    share = shares([case for case in EVERY if case.family == family], engine)[""]
    assert share.found >= FLOOR * share.count, share.missed
    assert share.exact >= FLOOR * share.count, share.missed


def test_a_complete_address_does_not_go_on_in_the_next_line(engine: Engine) -> None:
    for text in ("write to li@163.com.\nThe rest", "li@qq.com\nExperience: none", '"mail": "li@163.com", "phone": ""'):
        (span,) = engine.inspect(text)
        assert text[span.start : span.end] in {"li@163.com", "li@qq.com"}


@pytest.mark.parametrize(
    "text",
    [
        "one two three four, one of the two or three of them",
        "一二三四五，上山打老虎；二零二六年一月一日",
        "a b c d e f g h is the alphabet",
        "1\n2\n3\n4\n5\n6",
        "sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "internationalization and deserialization_of_configuration_objects",
        "2019\n2020\n2021\n2022\n2023",
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
        "look at example.com (at) home. item (a) foo.bar",
        'x = ["12", "34", "56"]\ny = "a" + "b"\n# 12 of 34\n',
        "Привет, мир. Номер дома 5.",
        "ratio 3/4/5/6 and 1, 2, 3, 4",
        "echo SGVsbG8sIHdvcmxkISBUaGlzIGlzIGEgdGVzdC4= | base64 -d",
    ],
)
def test_what_only_looks_disguised_is_left_alone(text: str, engine: Engine) -> None:
    assert engine.inspect(text) == []


HOSTILE = {
    "one token": "a1B2" * 50_000,
    "brackets": "[" * 100_000,
    "open tags": "<b" * 50_000,
    "broken lines": "1234\n" * 5_000,
    "nested code": "UVVKRA==" * 20_000,
    "escapes": "\\u00" * 30_000,
    "entities": "&#" * 50_000,
    "percents": "%4" * 50_000,
    "marks": "\u0301" * 50_000,
    "invisible": "\u200b" * 50_000,
    "said digits": "one" * 30_000,
    "numerals": "一" * 50_000,
    "letters for digits": "1O" * 50_000,
    "joints": '1" + "' * 15_000,
    "mails": "a@" * 50_000,
    "house numbers": "路1号" * 5_000,
    "words for numbers": "vier eins fünf " * 5_000,
    "announced": "card vier eins fünf " * 4_000,
    "announced digits": "card 4 6 2 2 7 " * 5_000,
    "announced accounts": "iban DE1 2 " * 8_000,
    "begun keys": "AKIA' + '" * 8_000,
    "turned": "\u202e1234 4321\u202c" * 6_000,
    "quoted": "=3D" * 30_000,
    "octal": "\\064" * 20_000,
    "bits": "00110100 " * 8_000,
    "letters of Base32": "GQ3DEMRX" * 10_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_texts_are_read_in_bounded_steps(kind: str, engine: Engine) -> None:
    """Each step works on a bounded piece: a deadline can end it between two. A text that took long would time out here."""
    steps = sum(1 for _ in engine.steps([HOSTILE[kind]]))
    assert steps >= len(HOSTILE[kind]) // 40_000
