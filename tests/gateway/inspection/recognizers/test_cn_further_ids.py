"""Chinese papers beside the resident identity card."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("外国人永久居留身份证 FRA311086399276", "FRA311086399276"),
        ("军官证 南字第38831712号", "南字第38831712"),
        ("警官证号：012345", "012345"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("NATIONAL_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "FRA311086399276",
        "军官证办理需要3天",
        "永久居留申请911310197801021234",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("NATIONAL_ID", text) == []
