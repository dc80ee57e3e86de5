"""Tax numbers of further countries."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("RFC GODE561231GR8", "GODE561231GR8"),
        ("NIF 501964843", "501964843"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("TAX_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "RFC 7231",
        "see RFC2616 and RFC9110",
        "NIF 501964844",
        "GODE561231GR8",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("TAX_ID", text) == []
