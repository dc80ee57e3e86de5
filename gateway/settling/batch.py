"""A batch of flows on its way to an inspector: each text goes once, however many flows hold it.

The turns of one conversation that are settled together have their messages in common. In the items of a batch a text
stands as its number in the batch's list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_OUTPUTS = ("output_text", "delivered_text")


def packed(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The items (`gateway.metering.settle`) as they travel: {"texts", "items"}."""
    numbers: dict[str, int] = {}

    def number(text: str) -> int:
        return numbers.setdefault(text, len(numbers))

    rows = [
        {
            **item,
            **{name: number(item[name]) for name in _OUTPUTS},
            "request": [{**row, "text": number(row["text"])} if "text" in row else row for row in item["request"]],
        }
        for item in items
    ]
    return {"texts": list(numbers), "items": rows}


def unpacked(batch: dict[str, Any]) -> list[dict[str, Any]]:
    """The items again, changed in place. Raises KeyError, IndexError or TypeError for what `packed` did not make."""
    texts, items = batch["texts"], batch["items"]
    for item in items:
        for name in _OUTPUTS:
            item[name] = texts[item[name]]
        for row in item["request"]:
            if "text" in row:
                row["text"] = texts[row["text"]]
    made: list[dict[str, Any]] = items
    return made
