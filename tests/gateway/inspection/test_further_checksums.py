"""Check digits of papers and taxes in further countries: known numbers, and one digit off."""

from __future__ import annotations

import pytest

from gateway.inspection import further_checksums

NUMBERS = [
    ("fr_spi", "3023217600053"),
    ("pl_regon", "192598184"),
    ("jp_corporate", "7000012050002"),
    ("br_voter", "004356870906"),
    ("br_pis", "12056412545"),
    ("br_health", "898001160660761"),
    ("cn_organisation", "D2143569X"),
    ("at_social_security", "1237010180"),
    ("ar_cuit", "20329642330"),
    ("ie_pps", "1234567T"),
    ("ie_pps", "1234567FA"),
    ("ie_pps", "1234567TW"),
    ("th_national", "1101700230708"),
    ("tr_national", "10000000146"),
    ("pt_nif", "501964843"),
]


@pytest.mark.parametrize(("rule", "value"), NUMBERS)
def test_a_known_number_is_right(rule, value):
    assert getattr(further_checksums, rule)(value) is True


@pytest.mark.parametrize(("rule", "value"), NUMBERS)
def test_with_one_digit_off_it_is_wrong(rule, value):
    place = 1 if value[1].isdigit() else 2
    other = value[:place] + str((int(value[place]) + 1) % 10) + value[place + 1 :]
    assert getattr(further_checksums, rule)(other) is False
