"""Long public texts carry label and manifest (C2PA A.8) in every protocol, streamed or not; resent ones lose both."""

from __future__ import annotations

import json

import encypher_c2pa
import httpx
import pytest
from google import genai

from tests.e2e.product import Product
from tests.e2e.test_sdks import anthropic_client, openai_client
from watermark.text_manifest import manifest_beginning, read_text_manifest, strip_manifest

pytestmark = pytest.mark.e2e

LABEL = "[AI-generated]"
SAID = "The café at the corner opens at nine, 你好, and there is a long story to tell about it 😀. " * 20


def chat(product: Product, *, stream: bool) -> tuple[str, str]:
    answer = openai_client(product, "site").chat.completions.with_raw_response.create(
        model="home/echo/size-7", messages=[{"role": "user", "content": SAID}], stream=stream
    )
    flow, parsed = answer.headers["lexgate-flow"], answer.parse()
    if not stream:
        return flow, parsed.choices[0].message.content
    return flow, "".join(chunk.choices[0].delta.content or "" for chunk in parsed if chunk.choices)


def response(product: Product, *, stream: bool) -> tuple[str, str]:
    answer = openai_client(product, "site").responses.with_raw_response.create(
        model="home/echo/size-7", input=SAID, stream=stream
    )
    flow, parsed = answer.headers["lexgate-flow"], answer.parse()
    if not stream:
        return flow, parsed.output_text
    events = list(parsed)
    deltas = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert events[-1].response.output_text == deltas
    return flow, deltas


def claude(product: Product, *, stream: bool) -> tuple[str, str]:
    answer = anthropic_client(product, "site").messages.with_raw_response.create(
        model="home/echo/size-7", max_tokens=900, messages=[{"role": "user", "content": SAID}], stream=stream
    )
    flow, parsed = answer.headers["lexgate-flow"], answer.parse()
    if not stream:
        return flow, "".join(block.text for block in parsed.content)
    return flow, "".join(event.delta.text for event in parsed if event.type == "content_block_delta")


def gemini(product: Product, *, stream: bool) -> tuple[str, str]:
    client = genai.Client(
        api_key=product.callers["site"].key, http_options=genai.types.HttpOptions(base_url=product.url)
    )
    call = client.models.generate_content_stream if stream else client.models.generate_content
    answer = call(model="home/echo", contents=SAID)
    return "", "".join(chunk.text or "" for chunk in (answer if stream else [answer]))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("ask", [chat, response, claude, gemini])
def test_a_long_public_text_carries_label_and_manifest(product: Product, ask, stream: bool) -> None:  # type: ignore[no-untyped-def]
    flow, text = ask(product, stream=stream)
    bare = strip_manifest(text)
    assert bare == f"{SAID}\n\n{LABEL}"
    evidence = read_text_manifest(text, (product.folder / "keys" / "content-root.pem").read_bytes())
    assert (evidence.integrity, evidence.trusted, evidence.synthetic) == ("valid", True, True)
    assert read_text_manifest(text.replace("nine", "nins", 1)).integrity == "tampered"
    if flow:
        assert product.record(flow)["pub"]["text_manifest"] == "c2pa"
        assert flow in json.dumps(evidence.origin)


def test_another_implementation_finds_the_manifest_valid(product: Product) -> None:
    _, text = chat(product, stream=True)
    said = [json.loads(encypher_c2pa.verify_bytes(each.encode(), "text/plain", "{}")) for each in (text, "x" + text)]
    assert [(each["integrity"], each["hard_binding"]) for each in said] == [("valid", "match"), ("invalid", "mismatch")]


def test_a_short_text_has_its_label_alone_and_tools_have_nothing(product: Product) -> None:
    short = product.chat("hello there", "home/echo", "site")
    assert short.json()["choices"][0]["message"]["content"] == f"hello there\n\n{LABEL}"
    assert product.record(short.headers["lexgate-flow"])["pub"]["text_manifest"] == "short"
    for model in ("home/tool", "home/both", "home/json"):
        fields = {"response_format": {"type": "json_object"}} if model == "home/json" else {}
        assert manifest_beginning() not in product.chat(SAID, model, "site", **fields).text
    assert manifest_beginning() not in product.chat(SAID, "home/echo", "crm").text


def test_what_is_sent_back_is_bare(product: Product) -> None:
    _, text = chat(product, stream=False)
    history = [
        {"role": "user", "content": "Tell me."},
        {"role": "assistant", "content": text},
        {"role": "user", "content": "And then?"},
    ]
    bodies = {
        "/v1/chat/completions": {"model": "home/echo", "messages": history},
        "/v1/messages": {"model": "home/echo", "max_tokens": 9, "messages": history},
        "/v1/responses": {"model": "home/echo", "input": history},
        "/v1beta/models/home/echo:generateContent": {
            "contents": [
                {"role": "model" if turn["role"] == "assistant" else "user", "parts": [{"text": turn["content"]}]}
                for turn in history
            ]
        },
    }
    for path, body in bodies.items():
        headers = product.headers("site") | {"x-goog-api-key": product.callers["site"].key}
        if "v1beta" in path:
            del headers["Authorization"]
        else:
            del headers["x-goog-api-key"]
        answer = httpx.post(product.url + path, headers=headers, json=body)
        assert answer.status_code == 200, answer.text
        sent = json.dumps(json.loads(product.requests()[-1]["body"]), ensure_ascii=False)
        assert manifest_beginning() not in sent
        assert LABEL not in sent
        assert "café" in sent
