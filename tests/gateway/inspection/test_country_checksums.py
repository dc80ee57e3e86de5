"""Check digits of countries: published examples, and agreement with python-stdnum on random numbers."""

from __future__ import annotations

import importlib
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection import checksums
from gateway.inspection import country_checksums as country

VALID = [
    (country.de_pension, "65170839J003"),
    (country.de_health, "A123456780"),
    (country.document_number, "T220001293"),
    (country.pl_identity_card, "ABA300000"),
    (country.de_vat, "136695976"),
    (country.fr_vat, "40303265045"),
    (country.it_vat, "00743110157"),
    (country.nl_vat, "004495445B01"),
    (country.pl_nip, "8567346215"),
    (country.es_cif, "J99216582"),
    (country.es_social_security, "281234567840"),
    (country.gb_utr, "1955839661"),
    (country.gb_vat, "980780684"),
    (country.us_npi, "1234567893"),
    (country.us_dea, "AB1234563"),
    (country.in_gstin, "27AAPFU0939F1ZV"),
    (country.br_cnpj, "16727230000197"),
    (country.jp_my_number, "621498320257"),
    (country.kr_business, "1248100998"),
    (country.tw_business, "00501503"),
]


@pytest.mark.parametrize(("rule", "value"), VALID, ids=lambda each: getattr(each, "__name__", each))
def test_a_published_number_holds_and_a_changed_digit_is_noticed(rule, value):
    assert rule(value)
    changed = [
        value[:at] + digit + value[at + 1 :]
        for at, each in enumerate(value)
        for digit in string.digits
        if each.isdecimal() and digit != each
    ]
    assert sum(map(rule, changed)) <= 0.25 * len(changed)


def digits(length):
    return st.text(string.digits, min_size=length, max_size=length)


ORACLES = {
    "de.vat": (country.de_vat, digits(9)),
    "fr.siren": (checksums.luhn, digits(9)),
    "it.iva": (country.it_vat, digits(11)),
    "pl.nip": (country.pl_nip, digits(10)),
    "gb.utr": (country.gb_utr, digits(10)),
    "in_.gstin": (country.in_gstin, st.from_regex(r"(0[1-9]|[12][0-9]|3[0-7])[A-Z]{3}P[A-Z][1-9]{4}[A-Z][1-9]Z[0-9A-Z]", fullmatch=True)),
    "br.cnpj": (country.br_cnpj, digits(14)),
    "jp.in_": (country.jp_my_number, digits(12)),
    "tw.ubn": (country.tw_business, digits(8)),
    "es.cif": (country.es_cif, st.from_regex(r"[ABCDEFGHJNPQRSUVW](0[1-9]|[1-8][0-9])[0-9]{5}[0-9A-J]", fullmatch=True)),
    "pl.pesel": (checksums.pl_pesel, digits(11)),
    "nl.bsn": (lambda value: int(value) > 0 and checksums.nl_bsn(value), digits(9)),
    "br.cpf": (checksums.br_cpf, digits(11)),
    "in_.aadhaar": (checksums.in_aadhaar, st.from_regex(r"[2-9][0-9]{11}", fullmatch=True)),
    "us.rtn": (lambda value: sum(int(d) * (3, 7, 1)[p % 3] for p, d in enumerate(value)) % 10 == 0, digits(9)),
}  # fmt: skip
"""Module of python-stdnum: our rule, and numbers whose other parts both accept."""

STRICTER = {"pl.pesel", "in_.aadhaar", "tw.ubn"}
"""Modules that also refuse what was never issued (a date, a palindrome), or follow the rule before 2023."""


@pytest.mark.parametrize("name", ORACLES)
def test_agrees_with_stdnum(name):
    rule, numbers = ORACLES[name]
    try:
        oracle = importlib.import_module(f"stdnum.{name}")
    except ImportError:
        pytest.skip(f"this python-stdnum has no {name}")

    @settings(max_examples=300, deadline=None, database=None)
    @given(numbers)
    def check(number):
        for last in string.digits + ("ABCDEFGHIJ" if name in {"es.cif", "in_.gstin"} else ""):
            value = number[:-1] + last
            if name == "gb.utr":
                value = last + number[1:]
            if len(set(value)) > 1:
                ours, theirs = bool(rule(value)), oracle.is_valid(value)
                assert ours >= theirs if name in STRICTER else ours == theirs, value

    check()
