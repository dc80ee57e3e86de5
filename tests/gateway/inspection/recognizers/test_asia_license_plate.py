"""Licence plates of Japan, Korea, Taiwan and India."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("車のナンバーは品川 300 あ 12-34です", "品川 300 あ 12-34"),
        ("차량번호 123가 4568", "123가 4568"),
        ("車牌 ABC-1234", "ABC-1234"),
        ("車牌號碼：8813-QZ", "8813-QZ"),
        ("RC number MH12AB1234", "MH12AB1234"),
        ("vehicle registration DL 3C AB 1234", "DL 3C AB 1234"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("LICENSE_PLATE", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "ABC-1234",
        "자동차 100대 4568원",
        "ナンバーワン 300",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("LICENSE_PLATE", text) == []
