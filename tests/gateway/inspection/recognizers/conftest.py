"""One engine of patterns for all recognisers' tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.inspection.engine import Engine


@pytest.fixture(scope="session")
def found() -> Callable[[str, str], list[str]]:
    """The values found under a label in a text."""
    engine = Engine(names=False)

    def values(label: str, text: str) -> list[str]:
        return [text[span.start : span.end] for span in engine.inspect(text) if span.label == label]

    return values
