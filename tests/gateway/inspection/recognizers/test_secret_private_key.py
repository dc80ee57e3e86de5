"""Private keys in PEM, OpenSSH, PGP and PuTTY form, whole; cut-off ones to the end of their Base64."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "x -----BEGIN RSA PRIVATE KEY-----\nMIIEpQIBAAKCAQEAn6/O8li+SX4m98LLYt\n-----END RSA PRIVATE KEY----- y",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIEpQIBAAKCAQEAn6/O8li+SX4m98LLYt\n-----END RSA PRIVATE KEY-----",
        ),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("PRIVATE_KEY", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PRIVATE KEY-----\nanything\n-----END PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\nMIIEpQIBAAKCAQEAn6/O8li+SX4m98LLYt",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("PRIVATE_KEY", text) == []
