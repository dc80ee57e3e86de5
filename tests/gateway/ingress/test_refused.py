"""Endpoints that are refused say why and what to do instead; any other path is simply not known."""

from __future__ import annotations

import pytest

from gateway.ingress.endpoints import endpoint_of
from gateway.ingress.refused import REFUSED, UNKNOWN, reason_of


@pytest.mark.parametrize("path", REFUSED)
def test_a_reason_says_what_to_do_and_holds_below_its_path_only(path):
    assert ":" in REFUSED[path] or "cannot" in REFUSED[path]
    assert reason_of(path) == reason_of(f"{path}/abc/results") == REFUSED[path]
    assert reason_of(f"{path}x") == UNKNOWN
    assert endpoint_of(path, b"") is None, "an endpoint that is served is not refused"


def test_methods_of_a_model_that_make_batches_are_refused_as_such():
    assert "one by one" in reason_of("/v1beta/models/gemini-2.5-flash:batchGenerateContent")
    assert reason_of("/v1beta/models/gemini-2.5-flash:predict") == UNKNOWN
    assert reason_of("/") == reason_of("") == UNKNOWN
