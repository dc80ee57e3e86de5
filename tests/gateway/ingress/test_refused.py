"""Endpoints refused on purpose say why and what to do instead, at any depth of their paths."""

from __future__ import annotations

import pytest

from gateway.ingress.endpoints import ENDPOINTS
from gateway.ingress.refused import REFUSED, UNKNOWN, reason_of


@pytest.mark.parametrize("path", REFUSED)
@pytest.mark.parametrize("rest", ["", "/", "/abc", "/abc/content", "/abc/def/ghi"])
def test_a_refused_endpoint_says_why(path, rest):
    if path + rest not in ENDPOINTS:
        assert reason_of(path + rest) == REFUSED[path] != UNKNOWN


@pytest.mark.parametrize("path", ["/", "", "/v1", "/v2/files", "/v1/file", "/v1/filesystem", "/v1/batch"])
def test_what_nobody_knows_stays_unknown(path):
    assert reason_of(path) == UNKNOWN
