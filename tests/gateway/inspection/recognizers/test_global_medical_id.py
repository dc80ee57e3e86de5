"""Numbers of patients, insured persons and medical files."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("MRN MRN6629228).", "MRN6629228"),
        ("住院号ZY14773575，", "ZY14773575"),
        ("NHS number 943 476 5919", "943 476 5919"),
        ("CHI number 9041996901", "9041996901"),
        ("nhsNumber: 4982351392", "4982351392"),
        ("Medicare number 2123 45670 1", "2123 45670 1"),
        ("ABHA 91-0565-0910-8130", "91-0565-0910-8130"),
        ("健保卡號 000047053059", "000047053059"),
        ("被保険者番号 89708069", "89708069"),
        ("cartão SUS 700255633160219", "700255633160219"),
        ("IPP 4311678570", "4311678570"),
        ("LANR 123456601", "123456601"),
        ("Tarjeta sanitaria BBBBBBBX10466375", "BBBBBBBX10466375"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("MEDICAL_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "the patient was 45 years old",
        "ZY14773575",
        "Medicare card in 2024",
        "a cip file",
        "the IPP library 20240101",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("MEDICAL_ID", text) == []
