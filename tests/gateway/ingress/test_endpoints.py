"""Which path is which endpoint, and what an address may not carry."""

from __future__ import annotations

import pytest

from gateway.errors import BadRequest
from gateway.ingress.endpoints import endpoint_of, family_of, hot_endpoint, refuse_credential


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/v1/models/gemini-2.5-pro:generateContent", b"", ("/v1/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro", False, "sse")),
        ("/v1beta/models/m:streamGenerateContent", b"alt=sse", ("/v1beta/models/m:streamGenerateContent?alt=sse", "m", True, "sse")),
        ("/v1beta/models/m:streamGenerateContent", b"", ("/v1beta/models/m:streamGenerateContent", "m", True, "array")),
        ("/v1beta/models/m:streamGenerateContent", b"alt=json&x=1", ("/v1beta/models/m:streamGenerateContent", "m", True, "array")),
        ("/v1alpha/models/a/b-1.5:countTokens", b"alt=sse", ("/v1alpha/models/a/b-1.5:countTokens", "a/b-1.5", False, "sse")),
    ],
)  # fmt: skip
def test_google_paths_name_model_and_method(path, query, expected):
    endpoint = endpoint_of(path, query)
    assert (endpoint.path, endpoint.model, endpoint.stream, endpoint.framing) == expected
    assert endpoint.route.split(":")[0].endswith("/models/{model}")
    assert family_of(path, {}) == "gemini"


@pytest.mark.parametrize(
    "path",
    [
        "/v1beta/models/m:predict",
        "/v1beta/models/:generateContent",
        "/v1beta/models/../files:generateContent",
        "/v1beta/models/a/../b:generateContent",
        "/v1beta/models/a//b:generateContent",
        "/v1beta/models/a b:generateContent",
        "/v1beta/models/a?b:generateContent",
        "/v1beta/models/m:generateContent/x",
        "/v1beta/models/m:generateContent\n",
        "/v2/models/m:generateContent",
        "/v1beta/tunedModels/m:generateContent",
    ],
)
def test_any_other_path_is_none(path):
    assert endpoint_of(path, b"") is None


@pytest.mark.parametrize("query", [b"key=x", b"alt=sse&key=", b"access_token=x", b"%6Bey=x"])
def test_a_credential_in_the_address_is_refused(query):
    with pytest.raises(BadRequest) as refusal:
        refuse_credential(query)
    assert "x-goog-api-key" in refusal.value.message


def test_families_by_path_and_header():
    assert refuse_credential(b"alt=sse") is None
    assert family_of("/v1/models", {}) == "openai"
    assert family_of("/v1/models", {b"x-goog-api-key": b"k"}) == "gemini"
    assert family_of("/v1/models", {b"anthropic-version": b"2023-06-01"}) == "anthropic"
    assert family_of("/v1beta/cachedContents", {}) == "gemini"
    assert endpoint_of("/v1/chat/completions", b"key=x").framing == "sse"
    assert endpoint_of("/v1beta/models/m:streamGenerateContent", b"").framing == "array"


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/v1/chat/completions", "/v1/chat/completions", b""),
        (b"/v1beta/models/m:streamGenerateContent?alt=sse", "/v1beta/models/m:streamGenerateContent", b"alt=sse"),
        (b"/v1/models/a/b-1.5:countTokens", "/v1/models/a/b-1.5:countTokens", b""),
        (b"/v1alpha/models/m:streamGenerateContent?$alt=json", "/v1alpha/models/m:streamGenerateContent", b"$alt=json"),
        (b"/v1beta/models/../files:generateContent", "/v1beta/models/../files:generateContent", b""),
        (b"/v1beta/models/m:predict", "/v1beta/models/m:predict", b""),
    ],
)
def test_a_plain_target_is_known_as_its_path_and_query_are(target, path, query):
    assert hot_endpoint(target) == endpoint_of(path, query)


@pytest.mark.parametrize(
    "target",
    [
        b"/v1beta/models/m:generateContent?key=x",
        b"/v1beta/models/m:streamGenerateContent?alt=sse&access_token=",
        b"/v1beta/models/m:generateContent?k%65y=x",
        b"/v1beta/models/%2e%2e:generateContent",
        b"/v1beta/models/m:generateContent#x",
        b"/v1/chat/completions?x=1",
        b"/v1/videos/models/m:generateContent",
        b"http://host/v1beta/models/m:generateContent",
        b"/v1beta/models",
        b"*",
        b"",
    ],
)
def test_whatever_is_not_plain_is_left_to_a_closer_look(target):
    assert hot_endpoint(target) is None
