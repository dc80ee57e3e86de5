"""A flame graph and its table from counted stacks."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from benchmarks import flame

STACKS = {("run", "serve", "seal"): 3, ("run", "serve"): 1, ("run", "flush <&>"): 4}
SVG = "{http://www.w3.org/2000/svg}"


def test_a_box_is_as_wide_as_its_share_and_stands_on_its_caller() -> None:
    picture = ET.fromstring(flame.svg(STACKS, "worker"))
    boxes = {group.find(f"{SVG}title").text: group.find(f"{SVG}rect").attrib for group in picture.findall(f"{SVG}g")}
    assert {name: float(box["width"]) for name, box in boxes.items()} == {
        "run 100.0 %": 1200, "serve 50.0 %": 600, "seal 37.5 %": 450, "flush <&> 50.0 %": 600,
    }  # fmt: skip
    assert float(boxes["seal 37.5 %"]["y"]) < float(boxes["serve 50.0 %"]["y"]) < float(boxes["run 100.0 %"]["y"])


def test_the_table_says_what_a_function_costs_by_itself_and_with_what_it_calls() -> None:
    whole, own = flame.table(STACKS, 9).split("--- by itself")
    assert "  12.50    50.00  serve" in whole
    assert own.split()[:4] == ["50.00", "flush", "<&>", "37.50"]
