"""Work in steps: the same findings as at once, wherever a text is cut, and many steps for a large one."""

from __future__ import annotations

import random

import pytest

from gateway.inspection.engine import BLOCK, Engine
from gateway.inspection.steps import finished

VALUES = (
    "card 4111 1111 1111 1111",
    "li@example.com",
    "身份证11010519491231002X",
    "postgres://app:s3cr3tPass9@db.example.com/x",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
)


VALUES_FOUND = ["4111 1111 1111 1111", "li@example.com"]


@pytest.fixture(scope="module")
def engine():
    return Engine(names=False)


@pytest.mark.parametrize("seed", range(4))
def test_values_over_the_cuts_of_blocks_are_found(engine, seed):
    random.seed(seed)
    value = VALUES[seed]
    text = "".join(
        "x " * ((BLOCK - random.randrange(len(value) + 2)) // 2) + value + " " for _ in range(3)
    )  # each value begins somewhere about a block's end
    assert len(engine.inspect(text)) == 3


def test_a_large_text_is_read_in_many_steps_with_the_same_result(engine):
    text = "\n".join(f"{number} {VALUES[number % len(VALUES)]} 好" for number in range(6_000))
    steps = engine.steps([text, "li@example.com"])
    assert sum(1 for _ in steps) > 20
    large, small = finished(engine.steps([text, "li@example.com"]))
    assert len(large) == 6_000
    assert [text[span.start : span.end] for span in large[:2]] == VALUES_FOUND
    assert [span.label for span in small] == ["EMAIL"]


def test_names_of_a_long_text_are_carried_through_the_whole():
    text = (
        "Our customer Maria Schneider called. " + "The weather was fine. " * 2_000 + "maria schneider, Maria Schneider."
    )
    spans = [span for span in Engine(names=True).inspect(text) if span.label == "PERSON"]
    assert text[spans[0].start : spans[0].end] == "Maria Schneider"
    assert text[spans[-1].start : spans[-1].end] == "Maria Schneider"
    assert spans[-1].start > 40_000
