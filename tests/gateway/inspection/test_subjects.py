"""Subjects: one key for one person's writing of a value, none for what identifies nobody."""

from __future__ import annotations

import pytest

from gateway.inspection.subjects import CLASSES, SECRETS, classes_of, subject_key

KEY = b"k" * 32


@pytest.mark.parametrize(
    ("label", "one", "other"),
    [
        ("PHONE", "+86 139-1234-5678", "13912345678"),
        ("PHONE", "(415) 555-0100", "+1 415 555 0100"),
        ("EMAIL", "Li.Wei@Example.com", "li.wei@example.com"),
        ("PERSON", "Li  Wei", "li wei"),
        ("CREDIT_CARD", "4111 1111 1111 1111", "4111-1111-1111-1111"),
        ("CN_ID", "11010519491231002x", "11010519491231002X"),
        ("CN_ID", "１１010519491231002X", "11010519491231002X"),
    ],
)
def test_writings_of_one_value_are_one_subject(label, one, other):
    assert subject_key(KEY, "acme", label, one) == subject_key(KEY, "acme", label, other) != ""


def test_keys_differ_by_tenant_label_value_and_key():
    keys = {
        subject_key(KEY, "acme", "PERSON", "Li Wei"),
        subject_key(KEY, "other", "PERSON", "Li Wei"),
        subject_key(KEY, "acme", "USERNAME", "Li Wei"),
        subject_key(KEY, "acme", "PERSON", "Wei Li"),
        subject_key(b"x" * 32, "acme", "PERSON", "Li Wei"),
    }
    assert len(keys) == 5
    assert all(len(key) == 24 and int(key, 16) >= 0 for key in keys)


@pytest.mark.parametrize("label", [*sorted(SECRETS), "ORG", "USCC", "LOCATION", "DATE", "DATE_OF_BIRTH"])
def test_what_identifies_nobody_has_no_subject(label):
    assert subject_key(KEY, "acme", label, "value") == ""


def test_classes():
    assert classes_of("PERSON") == {"pi", "identifier"}
    assert classes_of("CREDIT_CARD") == {"pi", "spi", "financial", "identifier"}
    assert classes_of("MEDICAL_ID") == {"pi", "spi", "health", "identifier"}
    assert classes_of("CN_ID") == {"pi", "spi", "identifier"}
    assert classes_of("CN_ID", strict=False) == {"pi", "identifier"}
    assert classes_of("API_KEY") == classes_of("USCC") == frozenset()
    assert classes_of("COORDINATES") <= set(CLASSES)
