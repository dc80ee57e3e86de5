"""North American telephone numbers (NANP)."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("call (415) 555-0100 x12 now", "(415) 555-0100 x12"),
        ("847-649-6423,free", "847-649-6423"),
        ("+1-415-555-0100.", "+1-415-555-0100"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("PHONE", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "1.847-649-64235",
        "version 415.555.01001",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("PHONE", text) == []
