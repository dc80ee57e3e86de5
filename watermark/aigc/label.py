"""The implicit label of GB 45438-2025: one JSON object called `AIGC`, with a fixed set of keys.

Read from secondary sources and sample code, not from the standard's text: see docs/marking.md for how sure each part is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

NAME = "AIGC"
NAMESPACE, PREFIX = "http://www.tc260.org.cn/ns/AIGC/1.0/", "TC260"
KEYS = ("Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2")
LONGEST = 8192  # characters of a label that is read; ours has some 200


@dataclass(frozen=True, slots=True)
class AigcLabel:
    """`label`: 1 is, 2 may be, 3 is suspected to be generated. Reserved codes hold security data, empty here."""

    label: str
    content_producer: str
    produce_id: str
    reserved_code1: str = ""
    content_propagator: str = ""
    propagate_id: str = ""
    reserved_code2: str = ""

    def as_json(self) -> str:
        """ASCII, so that every container keeps it: all seven keys, in the standard's order."""
        values = (
            self.label, self.content_producer, self.produce_id, self.reserved_code1,
            self.content_propagator, self.propagate_id, self.reserved_code2,
        )  # fmt: skip
        return json.dumps(dict(zip(KEYS, values, strict=True)), separators=(",", ":"))

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Where a record may be found: the producer's and the propagator's identifier, those that are there."""
        return tuple(one for one in (self.produce_id, self.propagate_id) if one)


def parse(text: str) -> AigcLabel | None:
    """A label from its JSON, with or without an outer `AIGC` key; None where it is none."""
    if len(text) > LONGEST:
        return None
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, dict) and isinstance(found.get(NAME), dict):
        found = found[NAME]
    if not isinstance(found, dict) or "Label" not in found:
        return None
    values = [found.get(key, "") for key in KEYS]
    if not all(isinstance(value, str | int) for value in values):
        return None
    return AigcLabel(*(str(value) for value in values))


def parse_all(texts: Iterable[str]) -> tuple[AigcLabel, ...]:
    """The labels among these texts, in order, duplicates kept: a file must hold exactly one."""
    return tuple(label for text in texts if (label := parse(text)) is not None)


def ours(producer: str, produce_id: str) -> AigcLabel:
    """The label of content that a model made for this operator."""
    return AigcLabel(label="1", content_producer=producer, produce_id=produce_id)


def propagated(found: tuple[AigcLabel, ...], mine: AigcLabel) -> AigcLabel:
    """The one label of a file that came with labels: another producer stays named, and we stand as who passed it on.

    Where the file's label is our own already, or names nobody, ours takes its place.
    """
    foreign = next(
        (one for one in found if one.content_producer and one.content_producer != mine.content_producer), None
    )
    if foreign is None:
        return mine
    return replace(foreign, label="1", content_propagator=mine.content_producer, propagate_id=mine.produce_id)
