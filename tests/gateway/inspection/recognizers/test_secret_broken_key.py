"""Keys of vendors that are written in pieces."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("k = 'AKIAHLLW' + 'WZQMAXDFGG56'", "AKIAHLLW' + 'WZQMAXDFGG56"),
        ('k = "AKIA" . "HLLW" . "WZQMAXDFGG56";', 'AKIA" . "HLLW" . "WZQMAXDFGG56'),
        ("key sk_live_aQZ2sHmm\nNvloyPenka184Djj for it", "sk_live_aQZ2sHmm\nNvloyPenka184Djj"),
        ("T=hf_QwErTyUiOpAsDf\\\nGhJkLzXcVbNmQ1W2E3R4", "hf_QwErTyUiOpAsDf\\\nGhJkLzXcVbNmQ1W2E3R4"),
        ("key AKIA HLLW WZQM AXDF GG56 it is", "AKIA HLLW WZQM AXDF GG56"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("API_KEY", text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        'key = "AKIA" + suffix',
        'x = ["AKIA", "ASIA", "ABIA", "ACCA"]',
        "AKIA HELP DESK NOTE LIST",
        "sk_live_\nkeys are for production",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("API_KEY", text) == []


def test_a_whole_key_does_not_go_on_in_the_next_line(found):
    key = "sk-proj-HGNLW3vEnwVdLaseLHIFLnTuk6HJhvWw0ckRWHpOJ4Z1FDVe"
    assert found("API_KEY", f"{key}\nconfiguration: none") == [key]
