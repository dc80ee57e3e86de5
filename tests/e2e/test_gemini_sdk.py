"""Google's own SDK, its base URL changed and nothing else: whole and streamed, tools, JSON mode, counts, errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from google import genai
from google.genai import errors, types

from tests.e2e.product import Product

pytestmark = pytest.mark.e2e

SECRET = "sk-proj-Zx81LmQ0aPb72KdYtR5vWc9NhE3uJf6GsT4oXiB8"
PROMPT = (
    "Customer Maria Schneider, phone +49 151 23456789, resident ID 11010519491231002X, "
    f"card 4111 1111 1111 1111, key {SECRET}. Please repeat."
)
VALUES = ("Maria Schneider", "+49 151 23456789", "11010519491231002X", "4111 1111 1111 1111", SECRET)
LOOK_UP = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="look_up",
            parameters=types.Schema(type=types.Type.OBJECT, properties={"text": types.Schema(type=types.Type.STRING)}),
        )
    ]
)


@pytest.fixture
def client(product: Product) -> Iterator[genai.Client]:
    with client_of(product) as opened:
        yield opened


def client_of(product: Product, caller: str = "crm", version: str = "v1beta") -> genai.Client:
    options = types.HttpOptions(base_url=product.url, api_version=version)
    return genai.Client(api_key=product.callers[caller].key, http_options=options)


def restored(text: str | None) -> None:
    """What the answer repeats came back as it was sent, except the key."""
    assert text is not None
    for value in VALUES[:-1]:
        assert value in text
    assert SECRET not in text
    assert "⟦API_KEY_" in text


def nothing_left(product: Product) -> dict[str, Any]:
    """The provider's last request carried none of the values, in no encoding of JSON."""
    request = product.requests()[-1]
    text = json.dumps(json.loads(request["body"]), ensure_ascii=False)
    for value in VALUES:
        assert value not in text
        assert value.replace(" ", "") not in text.replace(" ", "")
    return request


def test_whole(product: Product, client: genai.Client) -> None:
    answer = client.models.generate_content(model="echo", contents=PROMPT)
    restored(answer.text)
    assert answer.usage_metadata.prompt_token_count > 0
    request = nothing_left(product)
    assert request["path"] == "/v1beta/models/echo:generateContent"
    headers = {name.lower(): value for name, value in request["headers"]}
    assert "x-goog-api-key" not in headers, "this provider has no credential, and a caller's key never travels"
    assert "x-goog-api-client" not in headers


@pytest.mark.parametrize("size", [1, 3, 7, 64])
def test_stream(product: Product, client: genai.Client, size: int) -> None:
    chunks = list(client.models.generate_content_stream(model=f"echo/size-{size}", contents=PROMPT))
    restored("".join(chunk.text or "" for chunk in chunks))
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
    assert chunks[-1].candidates[0].content.parts[-1].thought_signature
    assert nothing_left(product)["path"] == f"/v1beta/models/echo/size-{size}:streamGenerateContent?alt=sse"


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
def test_every_version_of_the_path_is_read(product: Product, version: str) -> None:
    with client_of(product, version=version) as opened:
        restored(opened.models.generate_content(model="echo", contents=PROMPT).text)
    assert nothing_left(product)["path"] == f"/{version}/models/echo:generateContent"


@pytest.mark.parametrize("stream", [False, True])
def test_arguments_of_functions_are_restored(product: Product, client: genai.Client, stream: bool) -> None:
    request: dict[str, Any] = {
        "model": "tool",
        "contents": PROMPT,
        "config": types.GenerateContentConfig(
            tools=[LOOK_UP], automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True)
        ),
    }
    if stream:
        chunks = client.models.generate_content_stream(**request)
        calls = [call for chunk in chunks for call in chunk.function_calls or ()]
    else:
        calls = client.models.generate_content(**request).function_calls
    assert [call.name for call in calls] == ["look_up"]
    restored(calls[0].args["text"])
    nothing_left(product)


def test_a_whole_turn_of_a_function_goes_back_redacted(product: Product, client: genai.Client) -> None:
    """The caller's function runs on real values; its result, and the call it answers, leave redacted again."""
    looked_up: list[str] = []

    def look_up(text: str) -> dict[str, str]:
        """Looks a customer up."""
        looked_up.append(text)
        return {"customer": "Maria Schneider", "card": "4111 1111 1111 1111"}

    config = types.GenerateContentConfig(
        tools=[look_up],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(maximum_remote_calls=2),
    )
    client.models.generate_content(model="tool", contents=PROMPT, config=config)
    restored(looked_up[0])
    sent = json.loads(nothing_left(product)["body"])["contents"]
    assert sent[1]["parts"][0]["functionCall"]["args"]["text"].startswith("Customer ⟦PERSON_")
    assert sent[1]["parts"][0]["thoughtSignature"], "what the provider signed goes back as it came"
    assert "⟦PERSON_" in json.dumps(sent[2]["parts"][0]["functionResponse"]["response"], ensure_ascii=False)


def test_json_mode_stays_json(product: Product, client: genai.Client) -> None:
    config = types.GenerateContentConfig(response_mime_type="application/json")
    answer = client.models.generate_content(model="json", contents=PROMPT, config=config)
    restored(json.loads(answer.text or "")["echo"])


def test_thoughts_are_delivered_and_counted(product: Product, client: genai.Client) -> None:
    answer = client.models.generate_content(model="thinking", contents="What is a ledger?")
    parts = answer.candidates[0].content.parts
    assert [part.thought for part in parts] == [True, None]
    assert answer.usage_metadata.thoughts_token_count > 0
    flow = answer.sdk_http_response.headers["lexgate-flow"]
    reported = product.record(flow)["meter"]["reported"]
    assert reported["reasoning"] == answer.usage_metadata.thoughts_token_count
    assert reported["output"] == reported["reasoning"] + answer.usage_metadata.candidates_token_count


def test_public_answers_get_a_label_of_their_own_part_which_is_taken_out_again(product: Product) -> None:
    with client_of(product, "site") as opened:
        for stream in (False, True):
            chat = opened.chats.create(model="echo")
            said = chat.send_message_stream("hello") if stream else [chat.send_message("hello")]
            parts = [part for chunk in said for part in chunk.candidates[0].content.parts]
            assert [part.text for part in parts if "AI-generated" in (part.text or "")] == ["\n\n[AI-generated]"]
            list(chat.send_message_stream("and again"))
            sent = product.requests()[-1]["body"]
            assert b"AI-generated" not in sent
            texts = [part["text"] for content in json.loads(sent)["contents"] for part in content["parts"]]
            assert "".join(texts) == "hellohelloand again"


def test_counts_and_embeddings_are_governed_too(product: Product, client: genai.Client) -> None:
    assert client.models.count_tokens(model="echo", contents=PROMPT).total_tokens > 0
    nothing_left(product)
    vectors = client.models.embed_content(model="echo", contents=[PROMPT, "x"]).embeddings
    assert [vector.values for vector in vectors] == [[0.25, -0.5, 0.125]] * 2
    nothing_left(product)


def test_errors(product: Product, client: genai.Client) -> None:
    stranger = genai.Client(api_key="nobody", http_options=types.HttpOptions(base_url=product.url))
    with pytest.raises(errors.ClientError) as refused:
        stranger.models.generate_content(model="echo", contents="x")
    assert (refused.value.code, refused.value.status) == (401, "UNAUTHENTICATED")
    image = types.Part.from_bytes(data=b"\x89PNG" + bytes(range(256)) * 4, mime_type="image/png")
    with pytest.raises(errors.ClientError) as denied:
        client.models.generate_content(model="echo", contents=["what is it?", image])
    assert (denied.value.code, denied.value.status) == (403, "PERMISSION_DENIED")
    info = denied.value.details["error"]["details"][0]
    assert info["reason"] == "lexgate_denied"
    assert info["metadata"]["rule"].startswith("internal.unread_border")
    with pytest.raises(errors.ServerError):
        list(client.models.generate_content_stream(model="echo/cut-2", contents="hello there, all of you"))
    with pytest.raises(errors.ClientError) as limited:
        client.models.generate_content(model="status-429", contents="x")
    assert limited.value.status == "RESOURCE_EXHAUSTED"


def test_the_array_form_of_a_stream_is_read_as_one_json_document(product: Product) -> None:
    url = f"{product.url}/v1beta/models/echo/size-3:streamGenerateContent"
    headers = {"x-goog-api-key": product.callers["crm"].key}
    body = {"contents": [{"parts": [{"text": PROMPT}]}]}
    answer = httpx.post(url, json=body, headers=headers, timeout=30)
    assert answer.headers["content-type"].startswith("application/json")
    chunks = answer.json()
    assert len(chunks) > 20
    restored("".join(p["text"] for chunk in chunks for p in chunk["candidates"][0]["content"]["parts"]))
    assert nothing_left(product)["path"] == "/v1beta/models/echo/size-3:streamGenerateContent"
    broken = httpx.post(url.replace("size-3", "size-3/cut-4"), json=body, headers=headers, timeout=30).json()
    assert broken[-1]["error"]["details"][0]["reason"] == "lexgate_upstream_failed"


def test_one_body_sent_to_several_models_and_forms_is_never_mistaken_for_another(product: Product) -> None:
    """The body does not say which model it is for: whatever is remembered of it belongs to the whole address."""
    headers = {"x-goog-api-key": product.callers["crm"].key}
    body = {"contents": [{"parts": [{"text": "The same words, Maria Schneider."}]}]}
    for _ in range(2):
        for model in ("echo", "home-echo", "canned-3x"):
            for method in ("generateContent", "streamGenerateContent?alt=sse", "streamGenerateContent"):
                url = f"{product.url}/v1beta/models/{model}:{method}"
                answer = httpx.post(url, json=body, headers=headers, timeout=30)
                assert f'"modelVersion":"{model}"' in answer.text.replace(" ", "")
                assert answer.text.startswith("data:") is method.endswith("sse")
                assert product.requests()[-1]["path"] == f"/v1beta/models/{model}:{method}"
                record = product.record(answer.headers["lexgate-flow"])["pub"]
                assert (record["model"], record["stream"]) == (model, method.startswith("stream"))
                assert record["provider"] == ("home" if model == "home-echo" else "abroad")


def test_a_key_in_the_address_is_refused_and_written_nowhere(product: Product) -> None:
    key = product.callers["crm"].key
    url = f"{product.url}/v1beta/models/echo:generateContent?key={key}"
    body = {"contents": [{"parts": [{"text": "hello"}]}]}
    before = len(product.requests())
    for headers in ({}, {"x-goog-api-key": key}):
        answer = httpx.post(url, json=body, headers=headers)
        assert answer.status_code == 400
        assert "x-goog-api-key" in answer.json()["error"]["message"]
        assert key not in answer.text
    assert len(product.requests()) == before
    assert key not in product.log()


def test_models_are_listed_from_the_configuration(product: Product, client: genai.Client) -> None:
    assert [model.name for model in client.models.list()] == []  # this configuration names patterns only
    with pytest.raises(errors.ClientError) as unknown:
        client.models.get(model="echo")
    assert unknown.value.code == 404


@pytest.mark.parametrize("path", ["models/echo:predict", "cachedContents", "files", "models/echo:batchGenerateContent"])
def test_what_is_not_understood_is_refused_in_googles_form(product: Product, path: str) -> None:
    headers = {"x-goog-api-key": product.callers["crm"].key}
    answer = httpx.post(f"{product.url}/v1beta/{path}", json={"contents": []}, headers=headers)
    assert answer.status_code == 404
    assert answer.json()["error"]["status"] == "NOT_FOUND"
    assert ("one by one" in answer.text) is ("batch" in path)
    assert ("at the provider" in answer.text) is (path in {"cachedContents", "files"})
