"""Anthropic beyond texts and tools: signed thinking, citations, tools of the provider, caches that must stay warm.

Golden transcripts under `golden/` as in test_golden.py (`LEXGATE_GOLDEN=write` writes them anew), and the same answers as
Anthropic's own SDK reads them.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import anthropic
import httpx2
import orjson
import pytest

from gateway.errors import BadRequest
from gateway.flow import Finding, Span
from gateway.protocols.registry import DECODERS
from gateway.redaction.placeholder import PlaceholderKey
from gateway.redaction.redact import redact
from gateway.redaction.stream import AnswerStream

GOLDEN = Path(__file__).with_name("golden")
KEY = PlaceholderKey(b"k" * 32, "acme", "crm/li.wei")
VALUES = {"Anna Müller": "PERSON", "13800138000": "PHONE"}
OPERATORS = {"PERSON": "placeholder", "PHONE": "placeholder"}
SEALED = base64.b64encode(bytes(range(200))).decode()
NAME = KEY.make("PERSON", "Anna Müller")
DOCUMENT = "Notes. Anna Müller called at noon."
TOOLS = [
    {"type": "web_search_20250305", "name": "web_search"},
    {"name": "save", "input_schema": {"type": "object"}},
]
CACHED = {"cache_control": {"type": "ephemeral"}}


def findings_in(request):
    return [
        Finding(part.path, part.kind, Span(at, at + len(value), label, 1.0, "test"), value)
        for part in request.parts()
        for value, label in VALUES.items()
        if (at := part.text.find(value)) >= 0
    ]


def forwarded(tree, operators=OPERATORS):
    request = DECODERS["anthropic_messages"](json.dumps(tree, ensure_ascii=False).encode())
    return redact(request, findings_in(request), operators, KEY)


def asked(**fields):
    source = {"type": "text", "media_type": "text/plain", "data": DOCUMENT}
    document = {"type": "document", "source": source, "title": "Notes", "citations": {"enabled": True}, **CACHED}
    content = [document, {"type": "text", "text": "Who called? Look it up and save it."}]
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    messages = [{"role": "user", "content": content}]
    return {"model": "m", "max_tokens": 2048, **thinking, "tools": TOOLS, "messages": messages} | fields


def citation(name):
    start = DOCUMENT.replace("Anna Müller", name).index(name)
    return {
        "type": "char_location", "cited_text": f"{name} called", "document_index": 0, "document_title": "Notes",
        "file_id": None, "start_char_index": start, "end_char_index": start + len(name) + 7,
    }  # fmt: skip


def answered(name):
    """What the provider says to what it saw: `name` is what stood there for it."""
    web = {
        "type": "web_search_result_location", "cited_text": f"about {name}", "url": "https://a.example/anna",
        "title": "A page", "encrypted_index": SEALED,
    }  # fmt: skip
    result = {
        "type": "web_search_result", "url": "https://a.example/anna", "title": f"Page of {name}",
        "encrypted_content": SEALED, "page_age": "May 1, 2026",
    }  # fmt: skip
    return [
        {"type": "thinking", "thinking": f"It was {name}, I think.", "signature": SEALED},
        {"type": "redacted_thinking", "data": SEALED},
        {"type": "server_tool_use", "id": "srvtoolu_01A09q90qw90", "name": "web_search", "input": {"query": f"{name} notes"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_01A09q90qw90", "content": [result]},
        {"type": "text", "text": f"{name} called, the web says.", "citations": [citation(name), web]},
        {"type": "tool_use", "id": "toolu_01A09q90qw90lq917835", "name": "save", "input": {"who": name}},
    ]  # fmt: skip


def message(blocks):
    usage = {
        "input_tokens": 21, "cache_creation_input_tokens": 188, "cache_read_input_tokens": 1111, "output_tokens": 90,
        "server_tool_use": {"web_search_requests": 1},
    }  # fmt: skip
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m"}
    return head | {"content": blocks, "stop_reason": "tool_use", "stop_sequence": None, "usage": usage}


def events(blocks) -> bytes:
    started = message([]) | {"stop_reason": None}
    out = [{"type": "message_start", "message": started}]
    for index, block in enumerate(blocks):
        empty = {"thinking": {"thinking": "", "signature": ""}, "text": {"text": "", "citations": []}}
        opened = block | empty.get(block["type"], {}) | ({"input": {}} if "input" in block else {})
        out.append({"type": "content_block_start", "index": index, "content_block": opened})
        out += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas(block)]
        out.append({"type": "content_block_stop", "index": index})
    usage = {"output_tokens": 90}
    out.append({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": usage})
    out.append({"type": "message_stop"})
    lines = [f"event: {one['type']}\ndata: {json.dumps(one, ensure_ascii=False)}\n\n" for one in out]
    return "".join(lines).encode()


def deltas(block):
    def cut(text):
        return [text[at : at + 13] for at in range(0, len(text), 13)]

    if block["type"] == "thinking":
        yield from ({"type": "thinking_delta", "thinking": piece} for piece in cut(block["thinking"]))
        yield {"type": "signature_delta", "signature": block["signature"]}
    elif block["type"] == "text":
        yield from ({"type": "text_delta", "text": piece} for piece in cut(block["text"]))
        yield from ({"type": "citations_delta", "citation": one} for one in block["citations"])
    elif "input" in block:
        text = json.dumps(block["input"], ensure_ascii=False)
        yield from ({"type": "input_json_delta", "partial_json": piece} for piece in cut(text))


def deliver(provider: bytes, redacted, form):
    answer = AnswerStream(
        "anthropic", streaming=form == "stream", placeholders=redacted.placeholders, shifted=bool(redacted.redactions)
    )
    out = answer.feed(provider)
    finished = answer.finish()
    assert finished.report.complete
    return out, finished


def provided(decision, form):
    redacted = forwarded(asked(), OPERATORS if decision == "redact" else {})
    blocks = answered(NAME if decision == "redact" else "Anna Müller")
    return redacted, events(blocks) if form == "stream" else json.dumps(message(blocks), ensure_ascii=False).encode()


def read_by_the_sdk(body: bytes, form):
    kind = "text/event-stream" if form == "stream" else "application/json"
    answer = httpx2.Response(200, headers={"content-type": kind}, content=body)
    http = httpx2.Client(transport=httpx2.MockTransport(lambda _request: answer))
    sdk = anthropic.Anthropic(api_key="x", http_client=http, max_retries=0)
    call = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    if form == "whole":
        return sdk.messages.create(**call)
    with sdk.messages.stream(**call) as stream:
        return stream.get_final_message()


@pytest.mark.parametrize("form", ["whole", "stream"])
@pytest.mark.parametrize("decision", ["allow", "redact"])
def test_transcript(decision, form):
    redacted, provider = provided(decision, form)
    out, finished = deliver(provider, redacted, form)
    sections = {"forwarded": redacted.body, "provider": provider, "delivered": out, "after the record": finished.body}
    now = "".join(f"=== {name}\n{data.decode().rstrip()}\n" for name, data in sections.items() if data)
    path = GOLDEN / f"anthropic_depth.{decision}.{form}.txt"
    if os.environ.get("LEXGATE_GOLDEN") == "write":
        path.write_text(now, encoding="utf-8")
    assert now == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["whole", "stream"])
def test_the_sdk_reads_restored_texts_and_the_providers_own_blocks_unaltered(form):
    redacted, provider = provided("redact", form)
    out, finished = deliver(provider, redacted, form)
    got = read_by_the_sdk(out + finished.body, form)
    thinking, sealed, search, results, text, save = got.content
    assert (thinking.thinking, thinking.signature) == (f"It was {NAME}, I think.", SEALED)
    assert sealed.data == SEALED
    assert search.input == {"query": f"{NAME} notes"}, "the provider ran this with a placeholder, and nothing else"
    assert results.content[0].title == f"Page of {NAME}"
    assert results.content[0].encrypted_content == SEALED
    assert text.text == "Anna Müller called, the web says."
    assert save.input == {"who": "Anna Müller"}
    quoted, web = text.citations
    assert (quoted.cited_text, quoted.document_title, quoted.document_index) == ("Anna Müller called", "Notes", 0)
    assert getattr(quoted, "start_char_index", None) is None
    assert (web.cited_text, web.encrypted_index) == ("about Anna Müller", SEALED)
    usage = finished.report.usage
    assert (usage.input, usage.cached_input, usage.cache_write, usage.output) == (1320, 1111, 188, 90)


@pytest.mark.parametrize("form", ["whole", "stream"])
def test_offsets_of_an_answer_to_an_untouched_request_stay_and_so_does_every_byte(form):
    redacted, provider = provided("allow", form)
    out, finished = deliver(provider, redacted, form)
    assert out + finished.body == provider
    quoted = read_by_the_sdk(out + finished.body, form).content[4].citations[0]
    assert DOCUMENT[quoted.start_char_index : quoted.end_char_index] == "Anna Müller called"


def resent(form):
    """The answer as the SDK's user sends it back, with the tool's result."""
    redacted, provider = provided("redact", form)
    out, finished = deliver(provider, redacted, form)
    content = [
        block.model_dump(mode="json", exclude_none=True) for block in read_by_the_sdk(out + finished.body, form).content
    ]
    done = {"type": "tool_result", "tool_use_id": "toolu_01A09q90qw90lq917835", "content": "Saved Anna Müller."}
    return [{"role": "assistant", "content": content}, {"role": "user", "content": [done]}]


@pytest.mark.parametrize("form", ["whole", "stream"])
def test_signed_blocks_go_back_as_they_came_and_what_was_restored_is_redacted_again(form):
    tree = asked()
    tree["messages"] += resent(form)
    redacted = forwarded(tree)
    assert redacted.unredactable == ()
    back = orjson.loads(redacted.body)["messages"][1]["content"]
    said = answered(NAME)
    assert [{k: v for k, v in block.items() if k in said[i]} for i, block in enumerate(back[:4])] == said[:4]
    assert back[4]["text"] == said[4]["text"]
    assert back[5]["input"] == said[5]["input"]
    assert "Anna" not in redacted.body.decode()


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": "It was Anna Müller.", "signature": SEALED},
        {"type": "thinking", "thinking": "x", "signature": "by Anna Müller"},
        {"type": "redacted_thinking", "data": "of Anna Müller"},
    ],
)
def test_signed_blocks_that_would_have_to_change_are_refused(block):
    tree = asked()
    tree["messages"] += [{"role": "assistant", "content": [block]}, {"role": "user", "content": "go on"}]
    assert [finding.value for finding in forwarded(tree).unredactable] == ["Anna Müller"]


def cached_text(text):
    return {"type": "text", "text": text, **CACHED}


def test_cache_prefixes_stay_byte_for_byte_over_turns():
    """Every body is the one before with more behind it: what the provider cached up to a breakpoint is met again."""
    system = [cached_text("You serve Anna Müller, phone 13800138000.")]
    tools = [
        {"name": "save", "description": "Saves what Anna Müller says", "input_schema": {"type": "object"}, **CACHED}
    ]
    tree = {"model": "m", "max_tokens": 64, "system": system, "tools": tools, "messages": []}
    before = b""
    for turn in range(1, 6):
        tree["messages"].append({"role": "user", "content": [cached_text(f"Turn {turn}: ask Anna Müller ({turn})")]})
        redacted = forwarded(tree)
        assert redacted.unredactable == ()
        assert "Anna" not in redacted.body.decode()
        assert redacted.body.startswith(before), "a prefix that was cached has changed"
        before = redacted.body[: -len("]}")]
        said = f"Told {NAME} ({turn})."
        out, finished = deliver(json.dumps(message([{"type": "text", "text": said}])).encode(), redacted, "whole")
        text = orjson.loads(out + finished.body)["content"][0]["text"]
        assert text == f"Told Anna Müller ({turn})."
        tree["messages"].append({"role": "assistant", "content": [{"type": "text", "text": text}]})


def test_placeholders_are_the_same_in_another_process_and_for_nobody_else():
    """Stable without state: another worker, or the same tomorrow, writes the same bytes. Another user never does."""
    again = PlaceholderKey(b"k" * 32, "acme", "crm/li.wei")
    assert again.make("PERSON", "Anna Müller") == NAME
    assert PlaceholderKey(b"k" * 32, "acme", "crm/wang.wei").make("PERSON", "Anna Müller") != NAME
    assert PlaceholderKey(b"k" * 32, "globex", "crm/li.wei").make("PERSON", "Anna Müller") != NAME


def test_tools_that_a_turn_adds_are_tools_of_the_call():
    def added(definition):
        return {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": definition}}

    named = {"type": "tool_addition", "tool": {"type": "tool_reference", "name": "later"}}
    turn = [
        added({"name": "f", "input_schema": {}}),
        added({"type": "web_search_20260318", "name": "web_search"}),
        named,
    ]
    request = DECODERS["anthropic_messages"](
        json.dumps(asked(tools=[], messages=[{"role": "user", "content": turn}])).encode()
    )
    assert (request.caller_tools, request.provider_tools) == (("f",), ("web_search_20260318",))
    assert request.uninspected == ()
    bad = {"role": "user", "content": [added({"type": 5})]}
    with pytest.raises(BadRequest, match=r"definition\.type must be a string"):
        DECODERS["anthropic_messages"](json.dumps(asked(messages=[bad])).encode())


def test_a_signed_summary_that_would_have_to_change_is_refused():
    block = {"type": "compaction", "content": "They spoke of Anna Müller.", "signature": SEALED}
    turns = [{"role": "user", "content": "x"}, {"role": "assistant", "content": [block]}]
    assert forwarded(asked(messages=turns)).unredactable
    turns[1]["content"][0].pop("signature")
    assert not forwarded(asked(messages=turns)).unredactable
