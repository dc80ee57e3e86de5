"""German tax identification numbers (§ 139b AO), social insurance numbers."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Steuer-ID 86 095 742 719", "86 095 742 719"),
        ("Die Identifikationsnummer lautet 78 680 249 150", "78 680 249 150"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("NATIONAL_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "86 095 742 719",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("NATIONAL_ID", text) == []
