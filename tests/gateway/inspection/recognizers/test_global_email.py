"""E-mail addresses (RFC 5321 in the forms people use)."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("回复richard@example.com。", "richard@example.com"),
        ("<li.wei+x@mail.example.co.uk>", "li.wei+x@mail.example.co.uk"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("EMAIL", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "git@github.com:a/b.git",
        "@property def x(self)",
        "a@b",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("EMAIL", text) == []
