"""Keys that their vendors give a recognisable form."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("export K=sk-ant-api03-zozTWCPzZrwIj_R2yCPQkVwoC4R4g1", "sk-ant-api03-zozTWCPzZrwIj_R2yCPQkVwoC4R4g1"),
        ("AKIALIOG3QEPZNJZH3FO", "AKIALIOG3QEPZNJZH3FO"),
        ("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", "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"),
        ("glpat-zX3kd83jSk2Lf0aPqz8T", "glpat-zX3kd83jSk2Lf0aPqz8T"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("API_KEY", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "sk-xxxxxxxxxxxxxxxxxxxxxxxx",
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSyAnLA7NfeLquW1tJFpx_eQCxoX-oo6YyIs",
        "sk-ant-api03-abc123xyz-456def789ghij-klmnopqrstuvwx-3456yza789bcde",
        "GR134894112312312312312312312",
        "glsa_XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX_AAAAAAAA",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("API_KEY", text) == []
