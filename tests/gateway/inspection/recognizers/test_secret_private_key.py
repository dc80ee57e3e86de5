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
        (
            "支付宝应用私钥：MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwJ+lCO9tZrwSl/LOl0rI3Gc1eiJSiM93XxfL5tQKASuCCg6xKGbY4B8Kj8CGUy3EbD103wBVrSmY2Jvby1YiR8ukAPV6JJwE0TZC/o6R7eJuDBX2KiQvqbTlLkONzvmv94eRhCBxRe9HBBb1denHeExsCm45NPvjxwmVJ5HbxMmv0R6sI/Aa6FHLOrSvrhj9SPhgDgxVf",
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwJ+lCO9tZrwSl/LOl0rI3Gc1eiJSiM93XxfL5tQKASuCCg6xKGbY4B8Kj8CGUy3EbD103wBVrSmY2Jvby1YiR8ukAPV6JJwE0TZC/o6R7eJuDBX2KiQvqbTlLkONzvmv94eRhCBxRe9HBBb1denHeExsCm45NPvjxwmVJ5HbxMmv0R6sI/Aa6FHLOrSvrhj9SPhgDgxVf",
        ),
        (
            "key = MIIEpAIBAAKCAQEAJ+lCO9tZrwSl/LOl0rI3Gc1eiJSiM93XxfL5tQKASuCCg6xKGbY4B8Kj8CGUy3EbD103wBVrSmY2Jvby1YiR8ukAPV6JJwE0TZC/o6R7eJuDBX2KiQvqbTlLkONzvmv94eRhCBxRe9HBBb1denHeExsCm45NPvjxwmVJ5HbxMmv0R6sI/Aa6FHLOrSvrhj9SPhgDgxVf",
            "MIIEpAIBAAKCAQEAJ+lCO9tZrwSl/LOl0rI3Gc1eiJSiM93XxfL5tQKASuCCg6xKGbY4B8Kj8CGUy3EbD103wBVrSmY2Jvby1YiR8ukAPV6JJwE0TZC/o6R7eJuDBX2KiQvqbTlLkONzvmv94eRhCBxRe9HBBb1denHeExsCm45NPvjxwmVJ5HbxMmv0R6sI/Aa6FHLOrSvrhj9SPhgDgxVf",
        ),
        (
            "Private-Lines: 1\nJ+lCO9tZrwSl/LOl0rI3Gc1eiJSiM93XxfL5tQKASuCCg6xKGbY4B8Kj8CGUy3Eb",
            "J+lCO9tZrwSl/LOl0rI3Gc1eiJSiM93XxfL5tQKASuCCg6xKGbY4B8Kj8CGUy3Eb",
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
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAJ+lCO9tZrwSl/LOl0rI3Gc1eiJSiM93XxfL5tQKASuCCg6xKGbY4B8Kj8CGUy3EbD103wBVrSmY2Jvby1YiR8ukAPV6JJwE0TZC/o6R7eJuDBX2KiQvqbTlLkONzvmv94eRhCBxRe9HBBb1denHeExsCm45NPvjxwmVJ5HbxMmv0R6sI/Aa6FHLOrSvrhj9SPhgDgxVf",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("PRIVATE_KEY", text) == []


def test_a_bare_key_is_found_whole_where_a_plus_could_be_a_space(found):
    key = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw" + "VqUaTExQqoHLKk+8xDz3+5yukjgYDR" * 20
    assert found("PRIVATE_KEY", f"支付宝应用私钥：{key}") == [key]
