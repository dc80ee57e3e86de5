"""French identity cards."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Carte nationale d'identité n° 880692310285", "880692310285"),
        ("CNI X4RTBPFW4", "X4RTBPFW4"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("NATIONAL_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "880692310285",
        "la carte d'identité est OBLIGATOI",
        "CNI depuis 1955",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("NATIONAL_ID", text) == []
