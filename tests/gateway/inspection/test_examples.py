"""What documentation and tests write in place of real values."""

from __future__ import annotations

import pytest

from gateway.inspection.examples import NETWORKING, TESTING, is_example


@pytest.mark.parametrize("address", ["you@example.com", "your.name@example.org", "user@mail.example.net"])
def test_an_address_for_the_readers_own_is_nobodys(address):
    assert is_example("EMAIL", address, ())


@pytest.mark.parametrize("address", ["maria@example.com", "you@gmail.com", "user@company.com"])
def test_other_addresses_are_somebodys(address):
    assert not is_example("EMAIL", address, ())


@pytest.mark.parametrize(
    ("label", "value", "about"),
    [
        ("EMAIL", "maria@example.com", TESTING),
        ("CREDIT_CARD", "4111 1111 1111 1111", TESTING),
        ("PHONE", "(555) 555-0123", TESTING),
        ("PHONE", "555-0199", TESTING),
        ("IP_ADDRESS", "192.168.1.57", NETWORKING),
        ("IP_ADDRESS", "203.0.113.9", NETWORKING),
        ("IP_ADDRESS", "9.9.9.9", NETWORKING),
    ],
)
def test_some_are_examples_only_in_a_text_about_such_things(label, value, about):
    assert is_example(label, value, {about})
    assert not is_example(label, value, ())


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("CREDIT_CARD", "4532 0151 1283 0366"),
        ("PHONE", "(212) 736-5000"),
        ("IP_ADDRESS", "116.20.30.31"),
        ("IP_ADDRESS", "fe80::zz"),
        ("ADDRESS", "12 Baker Street"),
        ("US_SSN", "219-09-9999"),
    ],
)
def test_others_never_are(label, value):
    assert not is_example(label, value, {TESTING, NETWORKING})
