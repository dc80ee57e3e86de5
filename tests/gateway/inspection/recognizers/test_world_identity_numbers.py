"""Identity numbers of further countries."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Emirates ID 784-1987-1234567-1", "784-1987-1234567-1"),
        ("DNI 32.964.233", "32.964.233"),
        ("CUIL 20-32964233-0", "20-32964233-0"),
        ("SVNR 1237 010180", "1237 010180"),
        ("PPS number 1234567FA", "1234567FA"),
        ("PPSN 1234567T", "1234567T"),
        ("Mi CURP es GODE561231HDFRRN09", "GODE561231HDFRRN09"),
        ("MyKad 880412-14-5537", "880412-14-5537"),
        ("cartão de cidadão 12345678 9 ZZ4", "12345678 9 ZZ4"),
        ("Thai ID card 1-1017-00230-70-8", "1-1017-00230-70-8"),
        ("T.C. Kimlik No: 10000000146", "10000000146"),
        ("South African ID number 8001015009087", "8001015009087"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("NATIONAL_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "Kimlik No: 10000000147",
        "ID number 8001015009088",
        "CUIT 20-32964233-1",
        "PPS number 1234567FB",
        "MyKad 889912-14-5537",
        "8001015009087",
        "1-1017-00230-70-8",
        "id number 1700000000000",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("NATIONAL_ID", text) == []
