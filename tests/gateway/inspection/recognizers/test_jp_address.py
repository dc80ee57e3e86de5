"""Japanese addresses."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "住所：〒150-0001 東京都渋谷区神宮前4丁目12-8 コーポ原宿203",
            "〒150-0001 東京都渋谷区神宮前4丁目12-8 コーポ原宿203",
        ),
        ("大阪府大阪市北区梅田1-3-1です", "大阪府大阪市北区梅田1-3-1"),
        ("神奈川県横浜市西区みなとみらい2-3-1", "神奈川県横浜市西区みなとみらい2-3-1"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("ADDRESS", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "東京都は日本の首都です",
        "大阪府大阪市の人口は275万人",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("ADDRESS", text) == []
