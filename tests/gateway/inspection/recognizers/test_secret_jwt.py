"""JSON Web Tokens (RFC 7519)."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3MDU5In0.WfhOh1LoZZ0ABC",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3MDU5In0.WfhOh1LoZZ0ABC",
        ),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("JWT", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "eyJhbGciOiJIUzI1NiJ9",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("JWT", text) == []
