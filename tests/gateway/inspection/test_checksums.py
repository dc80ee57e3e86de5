"""Check digits: one official or published example each, and that a changed digit is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection import checksums

VALID = [
    (checksums.luhn, "4111111111111111"),
    (checksums.luhn, "79927398713"),
    (checksums.iban, "GB82WEST12345698765432"),
    (checksums.cn_resident, "11010519491231002X"),
    (checksums.cn_credit_code, "91350100M000100Y43"),
    (checksums.hk_identity, "A1234563"),
    (checksums.hk_identity, "AB9876543"),
    (checksums.tw_identity, "A123456789"),
    (checksums.es_dni, "12345678Z"),
    (checksums.it_codice_fiscale, "RSSMRA85T10A562S"),
    (checksums.de_tax_id, "86095742719"),
    (checksums.pl_pesel, "44051401359"),
    (checksums.nl_bsn, "111222333"),
    (checksums.uk_nhs, "9434765919"),
    (checksums.br_cpf, "52998224725"),
    (checksums.sg_nric, "S1234567D"),
    (checksums.ean13, "4006381333931"),
    (checksums.in_aadhaar, "234567890124"),
    (checksums.us_routing, "021000021"),
    (checksums.vin, "1HGCM82633A004352"),
    (checksums.base58check, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
]


@pytest.mark.parametrize(("rule", "value"), VALID, ids=lambda item: getattr(item, "__name__", item))
def test_published_examples_pass(rule, value):
    assert rule(value)


@pytest.mark.parametrize(("rule", "value"), VALID, ids=lambda item: getattr(item, "__name__", item))
def test_a_changed_last_digit_is_noticed(rule, value):
    others = [value[:-1] + digit for digit in "0123456789" if digit != value[-1]]
    assert sum(bool(rule(other)) for other in others) <= 1  # mod 11 rules let one letter-valued check pass as none


@given(st.from_regex(r"[0-9]{13}", fullmatch=True))
def test_the_nir_key_is_what_completes_it(body):
    key = 97 - int(body) % 97
    assert checksums.fr_nir(f"{body}{key:02d}")
    assert not checksums.fr_nir(f"{body}{key % 97 + 1:02d}")


@given(st.from_regex(r"[1-9][0-9]{11,17}", fullmatch=True).filter(lambda digits: len(set(digits)) > 1))
def test_exactly_one_luhn_digit_fits(body):
    assert sum(checksums.luhn(body + digit) for digit in "0123456789") == 1


def test_tokens_with_a_checksum():
    """GitHub's own published example, and one of PyPI's form."""
    assert checksums.crc_token("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")
    assert not checksums.crc_token("ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18")
    assert not checksums.crc_token("ghp_short")
    assert checksums.pypi_token("pypi-AgEIcHlwaS5vcmcCJDM5NTQ5ZmM3LWIyYzctNDk5OS1hZGQ4LTk3ZjI2ZDYyYjE2NgACKlszLCI")
    assert checksums.pypi_token("pypi-AgENdGVzdC5weXBpLm9yZwIkYzQ1YmZkY2EtMGRkMC00MzQ1")
    assert not checksums.pypi_token("pypi-AgEIcHlwaS5vcmc!")
    assert not checksums.pypi_token("pypi-c29tZXRoaW5nIGVsc2UgYWx0b2dldGhlcg")
