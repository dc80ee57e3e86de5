"""Japanese names in fields."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("氏名：佐々木 健太郎", "佐々木 健太郎"),
        ("口座番号 6638343 名義 タナカ ミサキ", "タナカ ミサキ"),
        ("担当者：高橋美咲", "高橋美咲"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("PERSON", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "氏名を入力してください",
        "名義変更の手続き",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("PERSON", text) == []
