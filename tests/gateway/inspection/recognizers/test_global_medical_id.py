"""Numbers of patients, insured persons and medical files."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("MRN MRN6629228).", "MRN6629228"),
        ("住院号ZY14773575，", "ZY14773575"),
        ("NHS number 943 476 5919", "943 476 5919"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("MEDICAL_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "the patient was 45 years old",
        "ZY14773575",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("MEDICAL_ID", text) == []
