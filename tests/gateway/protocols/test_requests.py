"""Requests of all three protocols: facts, parts, our own labels stripped, what is inserted, what is refused."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import BadRequest
from gateway.flow import PartKind
from gateway.protocols.cap import capped
from gateway.protocols.registry import DECODERS, upstream_body

WITH_MESSAGES = ("openai_chat", "anthropic_messages", "anthropic_count_tokens")
"""Protocols whose requests are messages."""
LABELS = ("[AI-generated]", "【人工智能生成】")
DATA_URL = "data:image/png;base64,aGVsbG8gd29ybGQhIQ=="
PDF = {"type": "base64", "media_type": "application/pdf", "data": "aGVsbG8gd29ybGQhIQ=="}


def body(**fields) -> bytes:
    return json.dumps(
        {"model": "m", "messages": [{"role": "user", "content": "hi"}]} | fields, ensure_ascii=False
    ).encode()


def decode(protocol="openai_chat", labels=(), **fields):
    return DECODERS[protocol](body(**fields), labels=labels)


def kinds(request) -> list[tuple[str, str]]:
    return [(part.kind.value, part.text) for part in request.parts()]


@pytest.mark.parametrize("protocol", WITH_MESSAGES)
@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"model": 3}, "model"),
        ({"model": "call +86 138 0013 8000"}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": {"role": "user"}}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "s3cr3t", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": ["s3cr3t"]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]}, "messages[0].content[0].text"),
        ({"stream": "s3cr3t"}, "stream"),
        ({"max_tokens": "s3cr3t"}, "max_tokens"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": 13800138000}, "max_tokens"),
        ({"tools": {"s3cr3t": 1}}, "tools"),
        ({"tools": [{"type": 5, "name": "s3cr3t"}]}, "tools[0].type"),
    ],
)
def test_wrong_types_of_fields_we_read_are_refused(protocol, fields, param):
    with pytest.raises(BadRequest) as refusal:
        decode(protocol, **fields)
    assert refusal.value.param == param
    assert "s3cr3t" not in refusal.value.message


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 9}, "n"),
        ({"n": True}, "n"),
        ({"stream_options": []}, "stream_options"),
        ({"response_format": "json"}, "response_format"),
        ({"max_completion_tokens": 1.5}, "max_completion_tokens"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
    ],
)
def test_wrong_types_of_openai_fields_are_refused(fields, param):
    with pytest.raises(BadRequest) as refusal:
        decode(**fields)
    assert refusal.value.param == param


def test_facts_of_a_chat():
    tools = [
        {"type": "function", "function": {"name": "save", "parameters": {"type": "object"}}},
        {"type": "web_search"},
    ]
    request = decode(
        stream=True,
        tools=tools,
        response_format={"type": "json_object"},
        max_completion_tokens=7,
        messages=[
            {"role": "system", "content": "be kind"},
            {
                "role": "user",
                "content": [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": DATA_URL}}],
            },
            {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-abc"}}]},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a.example/x.png"}}]},
            {
                "role": "user",
                "content": [{"type": "input_audio", "input_audio": {"data": "aGVsbG8gd29ybGQhIQ==", "format": "wav"}}],
            },
        ],
    )
    assert (request.protocol, request.family, request.model, request.stream) == ("openai_chat", "openai", "m", True)
    assert (request.caller_tools, request.provider_tools) == (("save",), ("web_search",))
    assert (request.references, request.uninspected) == (("file_id", "url"), ("audio", "image"))
    assert (request.json_mode, request.wants_usage, request.max_output) == (True, False, 7)
    assert request.system_text == "be kind"
    found = kinds(request)
    assert ("image", "") in found
    assert ("audio", "") in found
    assert ("reference", "") in found
    assert ("field", "https://a.example/x.png") in found, "a URL may carry what it should not"


def test_facts_of_a_message():
    request = decode(
        "anthropic_messages",
        max_tokens=5,
        system=[{"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral"}}],
        tools=[
            {"name": "save", "input_schema": {}},
            {"type": "bash_20250124", "name": "bash"},
            {"type": "web_search_20250305", "name": "web_search"},
        ],
        mcp_servers=[{"type": "url", "url": "https://mcp.example/x", "name": "m"}],
        messages=[
            {"role": "user", "content": [{"type": "document", "source": PDF}]},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "toolu_abcdefgh", "name": "save", "input": {"Anna": "x"}}],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "toolu_abcdefgh",
                        "content": [{"type": "text", "text": "done"}],
                    }
                ],
            },
        ],
    )
    assert (request.caller_tools, request.provider_tools) == (("save", "bash"), ("web_search_20250305", "mcp"))
    assert (request.references, request.uninspected) == (("url",), ("file",))
    assert (request.wants_usage, request.max_output, request.system_text) == (True, 5, "be kind")
    assert [item for item in kinds(request) if item[1] in {"Anna", "x", "done"}] == [
        ("name", "Anna"),
        ("field", "x"),
        ("tool_result", "done"),
    ]


def test_what_pretends_to_be_an_image_is_read_as_text():
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,my phone is 13800138000"}}
    request = decode(messages=[{"role": "user", "content": [image]}])
    assert ("field", "data:image/png;base64,my phone is 13800138000") in kinds(request)
    block = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "call Anna 13800138000"}}
    request = decode("anthropic_messages", messages=[{"role": "user", "content": [block]}])
    assert "call Anna 13800138000" in [text for _, text in kinds(request)]


def test_tools_are_segments_and_their_words_are_parts():
    tool = {
        "type": "function",
        "function": {
            "name": "pay",
            "description": "pays Anna",
            "parameters": {"type": "object", "properties": {"anna_iban": {"type": "string", "enum": ["DE89"]}}},
        },
    }
    request = decode(tools=[tool])
    segment = request.segments[-1]
    assert segment.path == ("tools", 0)
    assert [(part.kind, part.text) for part in segment.parts()] == [
        (PartKind.FIELD, "pay"),
        (PartKind.FIELD, "pays Anna"),
        (PartKind.NAME, "anna_iban"),
        (PartKind.FIELD, "DE89"),
    ]


def test_a_segment_read_once_is_known_wherever_it_stands():
    first = decode(messages=[{"role": "user", "content": "hi"}])
    second = decode(messages=[{"role": "system", "content": "x"}, {"role": "user", "content": "hi"}])
    assert first.segments[0].content == second.segments[1].content
    assert first.segments[0].content != decode(messages=[{"role": "system", "content": "hi"}]).segments[0].content
    assert first.segments[0].content != decode("anthropic_messages").segments[0].content


def test_options_without_content_are_no_segments():
    request = decode(
        temperature=0.7,
        top_p=1,
        seed=42,
        stream=True,
        stream_options={"include_usage": True},
        tool_choice="auto",
        parallel_tool_calls=False,
        response_format={"type": "json_object"},
        store=None,
    )
    assert [segment.path for segment in request.segments] == [("messages", 0)]


KNOWN = {"user", "hi", "m"}
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=8).map(
    lambda text: f"#{text}"
)
trees = st.recursive(
    st.one_of(words, st.integers(10**6, 10**17), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=8,
)


def content_of(value) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {text for item in value.values() for text in content_of(item)}
    if isinstance(value, list):
        return {text for item in value for text in content_of(item)}
    return set() if value is None else {str(value)}


@pytest.mark.parametrize("protocol", WITH_MESSAGES)
@given(
    value=trees, where=st.sampled_from(["metadata", "unknown", "tools", "message", "block", "stop", "input", "system"])
)
@settings(max_examples=80, deadline=None)
def test_every_string_key_and_long_number_is_inspectable_wherever_it_stands(protocol, value, where):
    fields = {
        "metadata": {"metadata": value},
        "unknown": {"#unheard": value},
        "tools": {"tools": [{"type": "function", "name": "f", "function": {"name": "f", "#x": value}}]},
        "message": {"messages": [{"role": "user", "content": "hi", "#x": value}]},
        "block": {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi", "#x": value}]}]},
        "stop": {"stop": value},
        "input": {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "name": "f", "input": value}]}]},
        "system": {"system": [{"type": "text", "text": "hi", "#x": value}]},
    }[where]
    parts = {part.text for part in decode(protocol, **fields).parts()}
    assert content_of(value) <= parts


def test_escapes_inside_json_strings_hide_nothing():
    arguments = json.dumps({"name": "张三", "deep": json.dumps({"again": "李四"})})
    call = {"id": "call_abcdefgh", "type": "function", "function": {"name": "f", "arguments": arguments}}
    request = decode(messages=[{"role": "assistant", "content": None, "tool_calls": [call]}])
    texts = [part.text for part in request.parts()]
    assert "张三" in texts
    assert "李四" in texts


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (["a", "[AI-generated]", "[AI-generated]"], ["a"]),
        (["[AI-generated]", "[AI-generated]", "a"], ["a"]),
        (["[AI-generated]", "a", "[AI-generated]", "[AI-generated]", "b", "[AI-generated]"], ["a", "b"]),
        (["[AI-generated]", "[AI-generated]"], [""]),
    ],
)
def test_labels_in_blocks_side_by_side_go_with_their_commas(sent, kept):
    blocks = [{"type": "text", "text": text} for text in sent]
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": blocks}]
    raw = json.dumps({"model": "m", "messages": messages}, indent=1).encode()
    request = DECODERS["anthropic_messages"](raw, labels=LABELS)
    assert [block["text"] for block in orjson.loads(request.body)["messages"][1]["content"]] == kept
    assert request.stripped == len(sent) - len([text for text in sent if text not in LABELS])
    again = DECODERS["anthropic_messages"](request.body, labels=LABELS)
    assert [(part.path, part.text) for part in request.parts()] == [(part.path, part.text) for part in again.parts()]


def test_our_labels_are_taken_out_of_resent_answers_only():
    messages = [
        {"role": "user", "content": "write [AI-generated]"},
        {"role": "assistant", "content": "Sure.\n\n[AI-generated]"},
        {"role": "assistant", "content": "【人工智能生成】\n好的 [AI-generated] 完"},
        {"role": "assistant", "content": [{"type": "text", "text": "One"}, {"type": "text", "text": "[AI-generated]"}]},
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "【人工智能生成】"}, {"type": "text", "text": "Two"}],
        },
    ]
    request = decode(labels=LABELS, messages=messages)
    sent = orjson.loads(request.body)["messages"]
    assert sent == [
        {"role": "user", "content": "write [AI-generated]"},
        {"role": "assistant", "content": "Sure."},
        {"role": "assistant", "content": "好的 [AI-generated] 完"},
        {"role": "assistant", "content": [{"type": "text", "text": "One"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Two"}]},
    ]
    assert request.stripped == 4
    assert "[AI-generated]" not in [part.text for part in request.segments[3].parts()]


@pytest.mark.parametrize("protocol", WITH_MESSAGES)
def test_what_nothing_touches_is_the_identical_object(protocol):
    sent = body(max_tokens=5, system="x", messages=[{"role": "assistant", "content": "no label here"}])
    request = DECODERS[protocol](sent, labels=LABELS)
    assert request.body is sent
    assert upstream_body(request, request.body) is sent


@pytest.mark.parametrize(
    ("given_options", "expected"),
    [
        (
            "",
            '{"stream_options":{"include_usage":true},"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}',
        ),
        (
            ',"stream_options":null',
            '{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":true}}',
        ),
        (
            ',"stream_options":{ }',
            '{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":true }}',
        ),
        (
            ',"stream_options":{"a":1}',
            '{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":true,"a":1}}',
        ),
        (
            ',"stream_options":{"include_usage":false}',
            '{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":true}}',
        ),
    ],
)
def test_usage_is_asked_for_in_streams(given_options, expected):
    sent = '{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]' + given_options + "}"
    request = DECODERS["openai_chat"](sent.encode())
    assert not request.wants_usage
    assert upstream_body(request, request.body).decode() == expected


def test_usage_the_caller_asked_for_is_left_alone():
    sent = body(stream=True, stream_options={"include_usage": True})
    request = DECODERS["openai_chat"](sent)
    assert request.wants_usage
    assert upstream_body(request, sent) is sent


@pytest.mark.parametrize(
    ("protocol", "fields", "expected"),
    [
        ("openai_chat", {}, {"max_completion_tokens": 100}),
        ("openai_chat", {"max_tokens": 500}, {"max_tokens": 100}),
        ("openai_chat", {"max_tokens": 50}, {"max_tokens": 50}),
        ("openai_chat", {"max_tokens": None}, {"max_tokens": 100}),
        ("anthropic_messages", {"max_tokens": 101}, {"max_tokens": 100}),
        ("anthropic_count_tokens", {}, {}),
    ],
)
def test_a_cap_is_spliced_in(protocol, fields, expected):
    request = decode(protocol, **fields)
    tree = orjson.loads(capped(request, request.body, 100))
    assert {key: value for key, value in tree.items() if "tokens" in key} == expected


def test_representations_show_no_content():
    request = decode(messages=[{"role": "user", "content": "s3cr3t"}])
    assert "s3cr3t" not in repr(request)


@pytest.mark.parametrize("protocol", WITH_MESSAGES)
def test_a_call_of_too_many_pieces_is_refused_and_says_where(protocol):
    block = {"type": "text", "text": "a"}
    for fields, param in (
        ({"messages": [{"role": "user", "content": "a"}] * 4_097}, "messages"),
        ({"messages": [{"role": "user", "content": [block] * 20_001}]}, "messages"),
        ({"metadata": dict.fromkeys(map(str, range(60_001)), 1)}, "metadata"),
    ):
        with pytest.raises(BadRequest) as refusal:
            decode(protocol, **fields)
        assert refusal.value.param == param
