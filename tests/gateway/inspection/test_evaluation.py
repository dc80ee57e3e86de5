"""What counts as found, missed, false, covered and right: small cases counted by hand."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.flow import Span
from gateway.inspection.evaluation import Example, Score, by_language, compatible, read

TEXT = "Ann Lee, 12 Baker Street, called ACME on Monday."


def mark(value: str, label: str) -> tuple[int, int, str]:
    start = TEXT.index(value)
    return start, start + len(value), label


def span(value: str, label: str, score: float = 0.9) -> Span:
    start = TEXT.index(value)
    return Span(start, start + len(value), label, score, "test")


def figures(marks, spans, cpu: float = 0.0):
    score = Score()
    score.add(Example(TEXT, tuple(marks), "en"), spans, cpu)
    return score.figures()


def test_a_perfect_answer():
    got = figures([mark("Ann Lee", "PERSON")], [span("Ann Lee", "PERSON")])
    assert got["all"] | {"false_per_kb": 0.0} == {
        "gold": 1, "precision": 1.0, "recall": 1.0, "f2": 1.0, "leakage": 0.0, "false_per_kb": 0.0,
    }  # fmt: skip


def test_a_part_is_found_and_the_rest_leaks():
    got = figures([mark("12 Baker Street", "ADDRESS")], [span("Baker", "ADDRESS")])["labels"]["ADDRESS"]
    assert got["recall"] == 1.0
    assert got["leakage"] == round(10 / 15, 4)


def test_first_name_and_surname_apart_are_one_finding():
    got = figures([mark("Ann Lee", "PERSON")], [span("Ann", "PERSON"), span("Lee", "PERSON")])["labels"]["PERSON"]
    assert (got["precision"], got["recall"]) == (1.0, 1.0)


def test_another_label_covers_and_is_false():
    got = figures([mark("Ann Lee", "PERSON")], [span("Ann Lee", "PHONE")])
    assert got["labels"]["PERSON"]["recall"] == 0.0
    assert got["labels"]["PERSON"]["leakage"] == 0.0
    assert got["labels"]["PHONE"]["precision"] == 0.0


def test_a_place_covers_an_address_and_counts_for_nothing_alone():
    got = figures([mark("12 Baker Street", "ADDRESS")], [span("Baker Street", "LOCATION"), span("ACME", "ORG")])
    assert got["all"]["precision"] == got["all"]["recall"] == 1.0


def test_untyped_gold_is_found_by_any_label():
    got = figures([mark("ACME", "PII"), mark("Ann Lee", "PII")], [span("ACME", "ORG")])
    assert got["labels"]["PII"]["recall"] == 0.5


def test_what_is_found_where_nothing_is_is_false_for_each_kilobyte():
    got = figures([], [span("Monday", "PERSON")])
    assert got["labels"]["PERSON"]["false_per_kb"] == round(1 / (len(TEXT) / 1024), 4)
    assert got["all"]["recall"] is None


def test_calibration_says_how_many_of_a_score_are_right():
    spans = [span("Ann Lee", "PERSON", 0.95), span("Monday", "PERSON", 0.42)]
    got = figures([mark("Ann Lee", "PERSON")], spans)["calibration"]
    assert got == [
        {"score": 0.45, "findings": 1, "right": 0.0},
        {"score": 0.95, "findings": 1, "right": 1.0},
    ]


def test_cpu_is_told_for_a_kilobyte():
    assert figures([], [], cpu=0.01)["cpu_ms_per_kb"] == round(10 / (len(TEXT) / 1024), 4)


@given(st.lists(st.sampled_from(["Ann", "Lee", "Baker", "ACME", "Monday", "12"]), unique=True))
def test_finding_exactly_what_is_marked_is_perfect(values):
    got = figures([mark(v, "PERSON") for v in values], [span(v, "PERSON") for v in values])["all"]
    assert got["leakage"] in {0.0, None}
    assert got["f2"] in {1.0, None}


@pytest.mark.parametrize(
    ("gold", "found", "fits"),
    [("PERSON", "PERSON", True), ("PERSON", "USERNAME", True), ("PERSON", "ORG", False), ("PII", "DATE", True),
     ("CN_ID", "PASSPORT", True), ("DATE_OF_BIRTH", "DATE", True), ("EMAIL", "PHONE", False)],
)  # fmt: skip
def test_families_of_labels(gold, found, fits):
    assert compatible(gold, found) is fits


def test_rows_are_read_and_parted_by_language(tmp_path):
    path = tmp_path / "data.jsonl"
    rows = [
        {"text": "Ann", "spans": [{"start": 0, "end": 3, "label": "PERSON"}], "lang": "en"},
        {"text": "张", "spans": []},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", "utf-8")
    examples = read(path)
    assert examples[0] == Example("Ann", ((0, 3, "PERSON"),), "en")
    assert [(lang, len(part)) for lang, part in by_language(examples)] == [("", 2), ("", 1), ("en", 1)]


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '{"text": "a"}', '{"text": 1, "spans": []}', '{"text": "a", "spans": [{"start": 0, "end": 2, "label": "X"}]}',
     '{"text": "a", "spans": [{"start": 1, "end": 0, "label": "X"}]}', '{"text": "a", "spans": [], "lang": 3}'],
)  # fmt: skip
def test_a_row_that_is_no_labelled_text_is_named_by_its_line(tmp_path, line):
    path = tmp_path / "data.jsonl"
    path.write_text('{"text": "a", "spans": []}\n' + line, "utf-8")
    with pytest.raises(ValueError, match=r"line 2 of data\.jsonl"):
        read(path)
