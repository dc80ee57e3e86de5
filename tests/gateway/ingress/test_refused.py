"""Endpoints refused on purpose say why and what to do instead, at any depth; any other path is simply not known."""

from __future__ import annotations

import pytest

from gateway.ingress.endpoints import endpoint_of
from gateway.ingress.refused import REFUSED, UNKNOWN, reason_of


@pytest.mark.parametrize("path", REFUSED)
@pytest.mark.parametrize("rest", ["", "/", "/abc", "/abc/content", "/abc/results/ghi"])
def test_a_refused_endpoint_says_why(path, rest):
    if endpoint_of(path + rest, b"") is None:
        assert reason_of(path + rest) == REFUSED[path] != UNKNOWN


@pytest.mark.parametrize("path", REFUSED)
def test_a_reason_says_what_to_do_and_holds_below_its_path_only(path):
    assert ":" in REFUSED[path] or "cannot" in REFUSED[path] or "belongs" in REFUSED[path]
    assert reason_of(f"{path}x") == UNKNOWN


@pytest.mark.parametrize("path", ["/", "", "/v1", "/v2/files", "/v1/file", "/v1/filesystem", "/v1/batch"])
def test_what_nobody_knows_stays_unknown(path):
    assert reason_of(path) == UNKNOWN


def test_methods_of_a_model_that_make_batches_are_refused_as_such():
    assert "one by one" in reason_of("/v1beta/models/gemini-2.5-flash:batchGenerateContent")
    assert reason_of("/v1beta/models/gemini-2.5-flash:predict") == UNKNOWN
