"""Gemini's requests: facts, parts in both writings, our labels stripped, the cap, and what is refused."""

from __future__ import annotations

import base64
import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import BadRequest
from gateway.flow import PartKind
from gateway.protocols.cap import capped
from gateway.protocols.gemini import METHODS
from gateway.protocols.registry import DECODERS, upstream_body

LABELS = ("[AI-generated]", "【人工智能生成】")
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2).decode()
SIGNATURE = base64.b64encode(bytes(range(256))).decode()
HI = {"role": "user", "parts": [{"text": "hi"}]}


def body(**fields) -> bytes:
    return json.dumps({"contents": [HI]} | fields, ensure_ascii=False).encode()


def decode(protocol="gemini_generate", labels=(), **fields):
    return DECODERS[protocol](body(**fields), labels=labels)


def turn(*parts, role="user"):
    return {"contents": [{"role": role, "parts": list(parts)}]}


def found(request) -> list[tuple[str, str]]:
    return [(part.kind.value, part.text) for part in request.parts()]


def test_facts_of_a_call():
    request = decode(
        systemInstruction={"parts": [{"text": "be kind"}]},
        tools=[
            {"functionDeclarations": [{"name": "save"}, {"name": "load"}]},
            {"googleSearch": {}},
            {"codeExecution": {}},
        ],
        generationConfig={"responseMimeType": "application/json", "maxOutputTokens": 7},
        cachedContent="cachedContents/abc",
        contents=[
            {"role": "user", "parts": [{"text": "see"}, {"inlineData": {"mimeType": "image/png", "data": PNG}}]},
            {"role": "user", "parts": [{"inlineData": {"mimeType": "audio/wav", "data": PNG}}]},
            {
                "role": "user",
                "parts": [{"fileData": {"mimeType": "application/pdf", "fileUri": "https://a.example/f"}}],
            },
        ],
    )
    assert (request.protocol, request.family, request.json_mode, request.max_output) == (
        "gemini_generate",
        "gemini",
        True,
        7,
    )
    assert (request.caller_tools, request.provider_tools) == (("save", "load"), ("google_search", "code_execution"))
    assert request.references == ("cached_content", "file_uri")
    assert request.uninspected == ("audio", "image")
    assert request.system_text == "be kind"
    assert ("field", "https://a.example/f") in found(request), "a URL may carry what it should not"
    assert ("field", "cachedContents/abc") in found(request)


def test_snake_case_reads_the_same():
    request = decode(
        system_instruction={"parts": [{"text": "be kind"}]},
        tools=[{"function_declarations": [{"name": "save"}]}, {"google_search": {}}],
        generation_config={"response_mime_type": "application/json", "max_output_tokens": 7},
        cached_content="cachedContents/abc",
        contents=[
            {
                "role": "user",
                "parts": [{"inline_data": {"mime_type": "image/png", "data": PNG}}, {"file_data": {"file_uri": "x"}}],
            }
        ],
    )
    assert (request.json_mode, request.max_output, request.system_text) == (True, 7, "be kind")
    assert (request.caller_tools, request.provider_tools) == (("save",), ("google_search",))
    assert (request.references, request.uninspected) == (("cached_content", "file_uri"), ("image",))


@pytest.mark.parametrize(
    "fields",
    [
        {"systemInstruction": {}, "system_instruction": {}},
        {"generationConfig": {}, "generation_config": {}},
        {"generationConfig": {"maxOutputTokens": 1, "max_output_tokens": 2}},
        {"cachedContent": "a", "cached_content": "b"},
        {"tools": [{"fileSearch": {}, "file_search": {}}]},
    ],
)
def test_both_writings_of_one_field_are_refused(fields):
    with pytest.raises(BadRequest, match="twice"):
        decode(**fields)


@pytest.mark.parametrize(
    ("part", "kind", "text"),
    [
        ({"text": "Anna"}, "text", "Anna"),
        ({"functionCall": {"name": "f", "args": {"to": "Anna"}}}, "field", "Anna"),
        ({"function_call": {"name": "f", "args": {"to": ["Anna"]}}}, "tool_call", "Anna"),
        ({"functionResponse": {"name": "f", "response": {"to": "Anna"}}}, "field", "Anna"),
        ({"functionResponse": {"name": "f", "response": {}, "parts": [{"text": "Anna"}]}}, "text", "Anna"),
        ({"functionCall": {"name": "Anna", "args": {}}}, "field", "Anna"),
        ({"functionCall": {"name": "f", "args": {"Anna": 1}}}, "name", "Anna"),
        ({"functionCall": {"name": "f", "args": {"n": 13800138000}}}, "number", "13800138000"),
        ({"executableCode": {"language": "PYTHON", "code": "Anna"}}, "tool_call", "Anna"),
        ({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "Anna"}}, "tool_result", "Anna"),
        ({"inlineData": {"mimeType": "image/png", "data": "Anna, in words"}}, "field", "Anna, in words"),
        ({"inlineData": {"mimeType": "image/png", "data": PNG, "displayName": "Anna.png"}}, "field", "Anna.png"),
        ({"fileData": {"fileUri": "x", "displayName": "Anna.png"}}, "field", "Anna.png"),
        ({"text": "x", "thoughtSignature": "Anna"}, "field", "Anna"),
        ({"text": "x", "partMetadata": {"note": "Anna"}}, "field", "Anna"),
        ({"text": "x", "videoMetadata": {"startOffset": "Anna"}}, "field", "Anna"),
        ({"novel": {"deep": ["Anna"]}}, "field", "Anna"),
    ],
)
def test_every_place_of_a_part_is_inspected(part, kind, text):
    for role in ("user", "model"):
        assert (kind, text) in found(decode(**turn(part, role=role)))


def test_a_part_of_an_unknown_kind_is_unread_as_well():
    assert decode(**turn({"novel": {"deep": []}})).uninspected == ("file",)


def test_signatures_are_sealed_and_only_the_models_own_are_unread():
    signed = {"text": "I think of Anna", "thought": True, "thoughtSignature": SIGNATURE}
    request = decode(contents=[HI, {"role": "model", "parts": [signed]}])
    base = ("contents", 1, "parts", 0)
    assert request.sealed() == {(*base, "text"), (*base, "thoughtSignature")}
    assert ("field", SIGNATURE) not in found(request)
    assert ("field", SIGNATURE) in found(decode(**turn(signed)))
    plain = decode(contents=[{"role": "model", "parts": [{"text": "Anna", "thought": True}]}])
    assert plain.sealed() == frozenset()


@pytest.mark.parametrize(
    "contents",
    [
        {"parts": {"text": "Anna"}},
        {"parts": [{"text": "Anna"}]},
        [{"parts": {"text": "Anna"}}],
        [{"role": "USER", "parts": [{"text": "Anna"}]}],
    ],
)
def test_single_objects_are_read_where_google_reads_them(contents):
    request = decode(contents=contents)
    (part,) = [part for part in request.parts() if part.text == "Anna"]
    assert (part.kind, part.role, part.path[-1]) == (PartKind.TEXT, "user", "text")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"contents": None}, "contents"),
        ({"contents": []}, "contents"),
        ({"contents": "s3cr3t"}, "contents"),
        ({"contents": ["s3cr3t"]}, "contents"),
        ({"contents": [{"role": "s3cr3t", "parts": []}]}, "contents[0].role"),
        ({"contents": [{"role": ["user"], "parts": []}]}, "contents[0].role"),
        ({"contents": [{"parts": "s3cr3t"}]}, "contents[0].parts"),
        ({"contents": [{"parts": ["s3cr3t"]}]}, "contents[0].parts"),
        ({"contents": [{"parts": [{"text": 5}]}]}, "contents[0].parts"),
        ({"systemInstruction": "s3cr3t"}, "systemInstruction"),
        ({"systemInstruction": {"parts": "s3cr3t"}}, "systemInstruction.parts"),
        ({"systemInstruction": {"parts": ["s3cr3t"]}}, "systemInstruction.parts"),
        ({"generationConfig": []}, "generationConfig"),
        ({"generationConfig": {"candidateCount": 9}}, "generationConfig.candidateCount"),
        ({"generationConfig": {"maxOutputTokens": "s3cr3t"}}, "maxOutputTokens"),
        ({"generationConfig": {"maxOutputTokens": 13800138000}}, "maxOutputTokens"),
        ({"tools": "s3cr3t"}, "tools"),
        ({"tools": [{"functionDeclarations": [{"name": 5}]}]}, "tools[0].functionDeclarations"),
        ({"model": 5}, "model"),
    ],
)
def test_wrong_types_of_fields_we_read_are_refused(fields, param):
    with pytest.raises(BadRequest) as refusal:
        decode(**fields)
    assert refusal.value.param == param
    assert "s3cr3t" not in refusal.value.message


def test_the_path_names_the_model_and_the_body_cannot_name_another():
    request = decode(model="models/m-1")
    assert request.addressed("m-1", stream=True, framing="array").framing == "array"
    assert decode().addressed("m-1", stream=False, framing="sse").model == "m-1"
    for model in ("m-2", "", "call me: 1", "13800138000", "a" * 200):
        with pytest.raises(BadRequest):
            request.addressed(model, stream=False, framing="sse")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ([{"text": "Hi"}, {"text": "\n\n[AI-generated]"}], [{"text": "Hi"}]),
        ([{"text": "Hi\n\n[AI-generated]"}], [{"text": "Hi"}]),
        ([{"text": "[AI-generated]"}], [{"text": ""}]),
        ([{"text": "【人工智能生成】"}, {"text": "[AI-generated]"}], [{"text": ""}]),
        ([{"text": "[AI-generated]"}, {"text": "[AI-generated]"}, {"text": "a"}, {"text": "[AI-generated]"}, {"text": "b"}], [{"text": "a"}, {"text": "b"}]),
        ([{"text": "a"}, {"text": "[AI-generated]"}, {"text": "[AI-generated]"}], [{"text": "a"}]),
        ([{"text": "[AI-generated]", "thoughtSignature": SIGNATURE}], [{"text": "", "thoughtSignature": SIGNATURE}]),
    ],
)  # fmt: skip
def test_our_labels_are_taken_out_of_what_the_model_is_said_to_have_said(sent, kept):
    tree = {"contents": [HI, {"role": "model", "parts": sent}, {"role": "user", "parts": sent}]}
    raw = json.dumps(tree, ensure_ascii=False, indent=1).encode()
    request = DECODERS["gemini_generate"](raw, labels=LABELS)
    assert orjson.loads(request.body)["contents"] == [HI, {"role": "model", "parts": kept}, tree["contents"][2]]
    again = DECODERS["gemini_generate"](request.body, labels=LABELS)
    assert (again.body, again.stripped) == (request.body, 0)
    assert request.stripped > 0
    assert found(request) == found(again)
    assert [part.path for part in request.parts()] == [part.path for part in again.parts()]


def test_nothing_is_inserted():
    raw = body(generationConfig={"temperature": 0.70})
    request = DECODERS["gemini_generate"](raw, labels=LABELS)
    assert request.body is raw
    assert upstream_body(request, raw) is raw


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b'{"contents":[{}]}', b'{"generationConfig":{"maxOutputTokens":5},"contents":[{}]}'),
        (b'{"contents":[{}], "generationConfig":{}}', b'{"contents":[{}], "generationConfig":{"maxOutputTokens":5}}'),
        (b'{"contents":[{}], "generationConfig":null}', b'{"contents":[{}], "generationConfig":{"maxOutputTokens":5}}'),
        (b'{"contents":[{}], "generation_config":{"topK":1}}', b'{"contents":[{}], "generation_config":{"maxOutputTokens":5,"topK":1}}'),
        (b'{"contents":[{}], "generation_config":{"max_output_tokens":9}}', b'{"contents":[{}], "generation_config":{"max_output_tokens":5}}'),
        (b'{"contents":[{}], "generationConfig":{"maxOutputTokens":null}}', b'{"contents":[{}], "generationConfig":{"maxOutputTokens":5}}'),
        (b'{"contents":[{}], "generationConfig":{"maxOutputTokens":4}}', b'{"contents":[{}], "generationConfig":{"maxOutputTokens":4}}'),
    ],
)  # fmt: skip
def test_a_cap_lowers_the_limit_and_nothing_else(sent, expected):
    assert capped(DECODERS["gemini_generate"](sent), sent, 5) == expected


def test_a_count_is_read_like_the_call_it_counts():
    plain = DECODERS["gemini_count_tokens"](body())
    inner = {
        "model": "models/m-1",
        "contents": [HI],
        "systemInstruction": {"parts": [{"text": "kind"}]},
        "tools": [{"googleSearch": {}}],
    }
    request = DECODERS["gemini_count_tokens"](json.dumps({"generateContentRequest": inner}).encode())
    assert (plain.model, request.model, request.provider_tools) == ("", "m-1", ("google_search",))
    assert {part.path[0] for part in request.parts()} == {"generateContentRequest"}
    assert ("text", "kind") in found(request)
    with pytest.raises(BadRequest, match="not both"):
        DECODERS["gemini_count_tokens"](json.dumps({"generateContentRequest": inner, "contents": [HI]}).encode())


def test_each_text_of_an_embedding_is_read():
    one = DECODERS["gemini_embed"](
        json.dumps({"content": {"parts": [{"text": "Anna"}]}, "title": "Bob and co"}).encode()
    )
    assert {("text", "Anna"), ("field", "Bob and co")} <= set(found(one))
    item = {"model": "models/m-1", "content": {"parts": [{"text": "Anna"}]}, "title": "Bob and co"}
    many = DECODERS["gemini_embed"](json.dumps({"requests": [item, item], "extra": "Carl"}).encode())
    assert many.model == "m-1"
    assert {("text", "Anna"), ("field", "Bob and co"), ("field", "Carl")} <= set(found(many))
    assert many.parts()[0].path[:2] == ("requests", 0)
    for wrong in (
        {"requests": []},
        {"requests": [1]},
        {"requests": [{}]},
        {},
        {"requests": [item, item | {"model": "models/m-2"}]},
    ):
        with pytest.raises(BadRequest):
            DECODERS["gemini_embed"](json.dumps(wrong).encode())


INNER = {
    "contents": lambda value: {"contents": [HI | {"x": value}, {"parts": [{"x": value}]}]},
    "content": lambda value: {"contents": [HI], "content": value},
    "parts": lambda value: {"contents": [HI], "content": {"parts": value}},
    "system": lambda value: {"contents": [HI], "systemInstruction": {"parts": [{"text": "x"}], "y": value}},
    "field": lambda value: {"contents": [HI], "x": value},
    "other protocol's field": lambda value: {"contents": [HI], "requests": value},
    "tools": lambda value: {"contents": [HI], "tools": [{"functionDeclarations": [{"name": "f", "x": value}]}]},
}


@pytest.mark.parametrize("place", INNER)
@given(value=st.deferred(lambda: trees))
@settings(max_examples=40, deadline=None)
def test_everything_in_an_inner_request_is_inspectable(place, value):
    raw = json.dumps({"generateContentRequest": INNER[place](value)}).encode()
    assert content_of(value) <= {part.text for part in DECODERS["gemini_count_tokens"](raw).parts()}
    item = json.dumps({"requests": [{"content": HI} | INNER[place](value) | {"content": HI | {"y": value}}]}).encode()
    assert content_of(value) <= {part.text for part in DECODERS["gemini_embed"](item).parts()}
    one = json.dumps({"content": HI, "contents": value, "systemInstruction": value, "system_instruction": 1}).encode()
    assert content_of(value) <= {part.text for part in DECODERS["gemini_embed"](one).parts()}


def test_every_method_has_a_decoder():
    assert set(METHODS.values()) <= set(DECODERS)


words = st.text(st.characters(codec="utf-8", exclude_characters="\\\x00", exclude_categories=["Cs"]), min_size=1).map(
    lambda text: f"#{text}"
)
trees = st.recursive(
    st.one_of(words, st.integers(10**6, 10**17), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=8,
)
PLACES = {
    "unknown": lambda value: {"#unheard": value},
    "a content beside the contents": lambda value: {"content": value, "requests": value},
    "safety": lambda value: {"safetySettings": value, "toolConfig": value},
    "tools": lambda value: {"tools": [{"functionDeclarations": [{"name": "f", "parameters": value}]}]},
    "other tool": lambda value: {"tools": [{"google_maps": value}]},
    "content": lambda value: {"contents": [HI | {"#x": value}]},
    "part": lambda value: turn({"text": "hi", "#x": value}),
    "settings": lambda value: turn({"text": "hi", "videoMetadata": value}),
    "arguments": lambda value: turn({"functionCall": {"name": "f", "args": value}}, role="model"),
    "call": lambda value: turn({"functionCall": {"name": "f", "args": {}, "id": value}}, role="model"),
    "response": lambda value: turn({"functionResponse": {"name": "f", "response": value}}),
    "response parts": lambda value: turn({"functionResponse": {"name": "f", "response": {}, "parts": value}}),
    "data": lambda value: turn({"inlineData": {"mimeType": "image/png", "data": value}}),
    "blob": lambda value: turn({"inlineData": value}),
    "file": lambda value: turn({"fileData": {"fileUri": value}}),
    "code": lambda value: turn({"executableCode": {"code": value}}, role="model"),
    "output": lambda value: turn({"codeExecutionResult": {"output": value, "outcome": value}}, role="model"),
    "signature": lambda value: turn({"text": "x", "thought_signature": value}, role="model"),
    "system": lambda value: {"systemInstruction": {"parts": [{"text": "hi", "#x": value}]}},
    "system role": lambda value: {"systemInstruction": {"parts": [], "role": value}},
    "config": lambda value: {"generationConfig": {"stopSequences": value, "responseSchema": {"description": value}}},
}


def content_of(value) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {text for item in value.values() for text in content_of(item)}
    if isinstance(value, list):
        return {text for item in value for text in content_of(item)}
    return set() if value is None else {str(value)}


@pytest.mark.parametrize("place", PLACES)
@given(value=trees)
@settings(max_examples=40, deadline=None)
def test_every_string_key_and_long_number_is_inspectable_wherever_it_stands(place, value):
    parts = {part.text for part in decode(**PLACES[place](value)).parts()}
    assert content_of(value) <= parts
