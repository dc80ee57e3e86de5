"""Errors as the SDKs of each family read them."""

from __future__ import annotations

import anthropic
import httpx
import httpx2
import openai
import orjson
import pytest

from gateway import errors
from gateway.protocols.family import FAMILIES

DENIED = errors.Denied("refused", rule="cn.export", citation="PIPL Art. 38", remedy="redact")


def test_a_denial_says_what_would_make_the_call_acceptable():
    details = {"flow": "f1", "rule": "cn.export", "citation": "PIPL Art. 38", "remedy": "redact"}
    error = {
        "message": "refused",
        "type": "permission_error",
        "param": None,
        "code": "lexgate_denied",
        "lexgate": details,
    }
    assert orjson.loads(FAMILIES["openai"].error_body(DENIED, "f1")) == {"error": error}
    assert orjson.loads(FAMILIES["anthropic"].error_body(DENIED, "f1")) == {
        "type": "error",
        "error": error,
        "request_id": "f1",
    }


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.BadRequest("x", param="model"), "invalid_request_error"),
        (errors.Unauthenticated("x"), "authentication_error"),
        (DENIED, "permission_error"),
        (errors.NotFound("x"), "not_found_error"),
        (errors.TooLarge("x"), "request_too_large"),
        (errors.TooManyRequests("x"), "rate_limit_error"),
        (errors.UpstreamFailed("x"), "api_error"),
        (errors.Unavailable("x"), "overloaded_error"),
        (errors.UpstreamTimeout("x"), "timeout_error"),
        (errors.LexgateError("x"), "api_error"),
    ],
)
@pytest.mark.parametrize("family", ["openai", "anthropic"])
def test_types_by_status(family, error, kind):
    body = orjson.loads(FAMILIES[family].error_body(error, ""))["error"]
    assert (body["type"], body["code"], body["param"]) == (kind, error.code, error.param)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.BadRequest("x", param="contents"), "INVALID_ARGUMENT"),
        (errors.Unauthenticated("x"), "UNAUTHENTICATED"),
        (DENIED, "PERMISSION_DENIED"),
        (errors.NotFound("x"), "NOT_FOUND"),
        (errors.TooManyRequests("x"), "RESOURCE_EXHAUSTED"),
        (errors.UpstreamFailed("x"), "UNAVAILABLE"),
        (errors.UpstreamTimeout("x"), "DEADLINE_EXCEEDED"),
        (errors.LexgateError("x"), "INTERNAL"),
    ],
)
def test_googles_errors_by_status(error, status):
    body = orjson.loads(FAMILIES["gemini"].error_body(error, "f1"))["error"]
    assert (body["code"], body["status"], body["message"]) == (error.status, status, error.message)
    info = body["details"][0]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (info["reason"], info["domain"], info["metadata"]["flow"]) == (error.code, "lexgate", "f1")
    assert info["metadata"].get("rule") == (error.rule if isinstance(error, errors.Denied) else None)


def test_the_sdks_raise_their_own_errors():
    def client(library, family):
        answer = library.Response(403, content=FAMILIES[family].error_body(DENIED, "f1"))
        return library.Client(transport=library.MockTransport(lambda _request: answer))

    with pytest.raises(openai.PermissionDeniedError) as refused:
        openai.OpenAI(api_key="x", http_client=client(httpx, "openai")).chat.completions.create(
            model="m", messages=[{"role": "user", "content": "x"}]
        )
    assert refused.value.code == "lexgate_denied"
    with pytest.raises(anthropic.PermissionDeniedError) as refusal:
        anthropic.Anthropic(api_key="x", http_client=client(httpx2, "anthropic")).messages.create(
            model="m", max_tokens=1, messages=[{"role": "user", "content": "x"}]
        )
    assert refusal.value.body["error"]["lexgate"]["rule"] == "cn.export"


def test_events_inside_streams():
    assert FAMILIES["openai"].error_event(DENIED, "f1").startswith(b'data: {"error":')
    assert FAMILIES["anthropic"].error_event(DENIED, "f1").startswith(b"event: error\ndata: {")
    assert FAMILIES["gemini"].error_event(DENIED, "f1").startswith(b'data: {"error":')
    assert orjson.loads(b"[{}" + FAMILIES["gemini_array"].error_event(DENIED, "f1"))[1]["error"]["code"] == 403
