"""Requests of the Responses API: facts, parts, references, labels stripped, what is refused, what Codex sends."""

from __future__ import annotations

import base64
import json

import pytest

from gateway.errors import BadRequest
from gateway.flow import PartKind
from gateway.protocols.cap import capped
from gateway.protocols.openai_responses import decode

LABELS = ("[AI-generated]",)
IMAGE = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256))).decode()
SEALED = base64.urlsafe_b64encode(b"\x80" + bytes(range(254))).decode()


def body(**fields) -> bytes:
    return json.dumps({"model": "m", "input": "hi"} | fields, ensure_ascii=False).encode()


def read(**fields):
    return decode(body(**fields))


def texts(request) -> list[tuple[str, str, str]]:
    return [(part.kind.value, part.role, part.text) for part in request.parts() if part.kind is not PartKind.NAME]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": 3}, "input"),
        ({"input": {"role": "user"}}, "input"),
        ({"input": ["s3cr3t"]}, "input[0]"),
        ({"input": [{"type": 4, "id": "x"}]}, "input[0].type"),
        ({"input": [{"note": "s3cr3t"}]}, "input[0].type"),
        ({"input": [{"role": "s3cr3t", "content": "x"}]}, "input[0].role"),
        ({"input": [{"type": "message", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": 5}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": [{"text": "s3cr3t"}]}]}, "input[0].content[0].type"),
        ({"instructions": ["s3cr3t"]}, "instructions"),
        ({"previous_response_id": 7}, "previous_response_id"),
        ({"stream": "s3cr3t"}, "stream"),
        ({"max_output_tokens": "s3cr3t"}, "max_output_tokens"),
        ({"text": "s3cr3t"}, "text"),
        ({"text": {"format": "s3cr3t"}}, "format"),
        ({"tools": [{"type": "function", "function": {"name": "s3cr3t"}}]}, "tools[0].name"),
        ({"tools": [{"name": "s3cr3t"}]}, "tools[0].type"),
        ({"background": True}, "background"),
    ],
)
def test_wrong_types_of_fields_we_read_are_refused(fields, param):
    with pytest.raises(BadRequest) as refusal:
        read(**fields)
    assert refusal.value.param == param
    assert "s3cr3t" not in refusal.value.message


def test_a_text_and_instructions_are_what_user_and_system_say():
    request = read(input="call Bob", instructions="be kind", stream=True, max_output_tokens=7, store=False)
    assert texts(request) == [("text", "system", "be kind"), ("text", "user", "call Bob")]
    assert request.system_text == "be kind"
    assert (request.protocol, request.family, request.stream, request.max_output) == (
        "openai_responses",
        "openai",
        True,
        7,
    )
    assert (request.stored, request.wants_usage, request.references, request.uninspected) == (False, True, (), ())
    assert read().stored


def test_every_item_says_who_says_it_and_what_is_in_it():
    request = read(
        input=[
            {"role": "user", "content": [{"type": "input_text", "text": "a1"}]},
            {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed", "content": [{"type": "output_text", "text": "a2", "annotations": []}]},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "a3"}], "encrypted_content": SEALED},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"q":"a4"}'},
            {"type": "function_call_output", "call_id": "c1", "output": "a5"},
            {"type": "function_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "a6"}]},
            {"type": "custom_tool_call", "call_id": "c2", "name": "p", "input": "a7"},
            {"type": "custom_tool_call_output", "call_id": "c2", "output": "a8"},
            {"type": "local_shell_call", "call_id": "c3", "status": "completed", "action": {"type": "exec", "command": ["bash", "a9"], "env": {"USER": "b1"}}},
            {"type": "local_shell_call_output", "call_id": "c3", "output": "b2"},
            {"type": "apply_patch_call", "call_id": "c4", "operation": {"type": "update_file", "path": "b3", "diff": "b4"}},
            {"type": "shell_call_output", "call_id": "c5", "output": [{"stdout": "b5", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}]},
        ]
    )  # fmt: skip
    found = {text: (kind, role) for kind, role, text in texts(request)}
    wanted = {
        "a1": ("text", "user"), "a2": ("text", "assistant"), "a3": ("text", "assistant"),
        '{"q":"a4"}': ("tool_call", "assistant"), "a5": ("tool_result", "tool"), "a6": ("tool_result", "tool"),
        "a7": ("tool_call", "assistant"), "a8": ("tool_result", "tool"), "a9": ("tool_call", "assistant"),
        "b1": ("field", "assistant"), "b2": ("tool_result", "tool"), "b3": ("field", "assistant"),
        "b4": ("field", "assistant"), "b5": ("field", "tool"),
    }  # fmt: skip
    assert {text: found.get(text) for text in wanted} == wanted
    assert SEALED not in found, "sealed bytes are the provider's own"
    assert request.references == request.uninspected == ()


@pytest.mark.parametrize(
    ("fields", "references", "uninspected"),
    [
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, ("item_reference",), ()),
        ({"input": [{"id": "msg_1"}]}, ("item_reference",), ()),
        ({"previous_response_id": "resp_1"}, ("previous_response_id",), ()),
        ({"conversation": "conv_1"}, ("conversation",), ()),
        ({"conversation": {"id": "conv_1"}}, ("conversation",), ()),
        ({"prompt": {"id": "pmpt_1", "variables": {"who": "Bob"}}}, ("prompt",), ()),
        ({"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]}, ("vector_store_id",), ()),
        ({"tools": [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["f"]}}]}, ("file_id",), ()),
        ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]}]}, ("file_id",), ()),
        ({"input": [{"role": "user", "content": [{"type": "input_file", "file_url": "https://a.example/x"}]}]}, ("url",), ()),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": IMAGE}]}]}, (), ("image",)),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "https://a.example/x"}]}]}, ("url",), ()),
        ({"input": [{"role": "user", "content": [{"type": "input_file", "file_data": IMAGE}]}]}, (), ("file",)),
        ({"input": [{"role": "user", "content": [{"type": "novel", "x": "y"}]}]}, (), ("file",)),
        ({"input": [{"type": "novel_call", "id": "n_1", "x": "y"}]}, (), ("file",)),
        ({"input": [{"type": "computer_call_output", "call_id": "c", "output": {"type": "computer_screenshot", "image_url": IMAGE}}]}, (), ("image",)),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": [{"type": "input_image", "file_id": "f"}]}]}, ("file_id",), ()),
        ({"input": [{"role": "assistant", "content": [{"type": "output_text", "text": "x", "annotations": [{"type": "file_citation", "file_id": "f"}]}]}]}, ("file_id",), ()),
    ],
)  # fmt: skip
def test_what_only_the_provider_can_read_is_a_fact(fields, references, uninspected):
    request = read(**fields)
    assert (request.references, request.uninspected) == (references, uninspected)


def test_tools_are_the_callers_or_the_providers():
    tools = [
        {"type": "function", "name": "f", "parameters": {"type": "object"}},
        {"type": "custom", "name": "apply_patch", "format": {"type": "grammar", "syntax": "lark", "definition": "x"}},
        {"type": "local_shell"},
        {"type": "shell", "environment": {"type": "local"}},
        {"type": "computer_use_preview", "display_width": 1024},
        {"type": "namespace", "name": "crm", "tools": [{"type": "function", "name": "g"}]},
        {"type": "tool_search", "execution": "client"},
        {"type": "web_search"},
        {"type": "mcp", "server_label": "x", "server_url": "https://a.example"},
        {"type": "shell", "environment": {"type": "container_auto"}},
        {"type": "novel"},
    ]
    request = read(
        tools=tools, input=[{"type": "additional_tools", "role": "developer", "tools": [{"type": "image_generation"}]}]
    )
    assert request.caller_tools == (
        "f", "apply_patch", "local_shell", "shell", "computer_use_preview", "g", "tool_search",
    )  # fmt: skip
    assert request.provider_tools == ("web_search", "mcp", "shell", "novel", "image_generation")


def test_json_mode_is_said_by_the_texts_format():
    assert read(text={"format": {"type": "json_schema", "name": "x", "schema": {}}}).json_mode
    assert read(text={"format": {"type": "json_object"}, "verbosity": "low"}).json_mode
    assert not read(text={"format": {"type": "text"}}).json_mode


def test_our_labels_are_taken_out_of_resent_answers():
    items = [
        {"role": "assistant", "content": "so it is\n\n[AI-generated]"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "yes\n\n[AI-generated]"}]},
        {"role": "user", "content": "[AI-generated]"},
    ]
    sent = body(input=items)
    request = decode(sent, labels=LABELS)
    assert request.stripped == 2
    assert request.body == sent.replace(b"\\n\\n[AI-generated]", b"")
    assert decode(body(input="[AI-generated]"), labels=LABELS).stripped == 0


def test_a_cap_lowers_what_was_asked_for():
    assert json.loads(capped(read(), body(), 50))["max_output_tokens"] == 50
    sent = body(max_output_tokens=80)
    assert capped(decode(sent), sent, 50) == sent.replace(b"80", b"50")
    assert capped(decode(sent), sent, 90) is sent


def test_what_codex_sends_is_read_and_nothing_of_it_is_unread():
    """The shape of a Codex CLI turn: 70 KB of instructions, tools, history, reasoning that only the provider reads."""
    schema = {"type": "object", "properties": {"command": {"type": "array", "items": {"type": "string"}}}}
    turns = [
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "<permissions>" + "p " * 900}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "<environment_context>"}]},
        {"type": "reasoning", "summary": [], "content": None, "encrypted_content": SEALED * 9},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look."}], "phase": "commentary"},
        {"type": "function_call", "name": "shell", "arguments": '{"command":["ls"]}', "call_id": "call_abc"},
        {"type": "function_call_output", "call_id": "call_abc", "output": '{"output":"a.txt","metadata":{"exit_code":0}}'},
        {"type": "custom_tool_call", "status": "completed", "call_id": "call_d", "name": "apply_patch", "input": "*** Begin Patch"},
        {"type": "custom_tool_call_output", "call_id": "call_d", "output": "ok"},
    ]  # fmt: skip
    sent = body(
        instructions="You are Codex. " + "word " * 12_000, input=turns, tool_choice="auto", parallel_tool_calls=True,
        tools=[{"type": "function", "name": "shell", "description": "d", "strict": False, "parameters": schema}, {"type": "local_shell"}, {"type": "web_search", "external_web_access": False}],
        reasoning={"effort": "medium", "summary": "auto"}, store=False, stream=True,
        include=["reasoning.encrypted_content"], prompt_cache_key="0199c0de-0000-7000-8000-000000000000",
        client_metadata={"x-codex-installation-id": "0199c0de"}, text={"verbosity": "low"},
    )  # fmt: skip
    request = decode(sent)
    assert len(sent) > 60_000
    assert (request.caller_tools, request.provider_tools) == (("shell", "local_shell"), ("web_search",))
    assert (request.references, request.uninspected, request.stored, request.previous) == ((), (), False, "")
    assert request.body is sent
    assert not [part for part in request.parts() if part.text.startswith(SEALED[:20])]


def test_content_that_the_provider_kept_is_a_reference_whatever_names_it():
    image = {"type": "image_generation_call", "id": "ig_1"}
    skill = {"type": "container_auto", "skills": [{"type": "skill_reference", "skill_id": "skill_1"}]}
    assert read(input=[image]).references == ("item_reference",)
    assert read(input=[image | {"result": IMAGE}]).references == ()
    assert read(tools=[{"type": "code_interpreter", "container": "cntr_1"}]).references == ("container_id",)
    assert read(tools=[{"type": "code_interpreter", "container": {"type": "auto"}}]).references == ()
    assert read(tools=[{"type": "shell", "environment": skill}]).references == ("skill_id",)


def test_a_skill_that_comes_along_is_a_file_nobody_reads_whatever_its_size():
    source = {"type": "base64", "media_type": "application/zip", "data": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}
    inline = {"type": "inline", "name": "s", "description": "d", "source": source}
    request = read(tools=[{"type": "shell", "environment": {"type": "container_auto", "skills": [inline]}}])
    assert request.uninspected == ("file",)


def test_a_citation_says_where_a_text_came_from_and_is_no_reference():
    cited = {"type": "url_citation", "url": "https://a.example/x", "title": "t", "start_index": 0, "end_index": 1}
    said = {"type": "output_text", "text": "x", "annotations": [cited]}
    request = read(input=[{"type": "message", "role": "assistant", "content": [said]}])
    assert request.references == ()
    assert ("field", "assistant", "https://a.example/x") in texts(request)


def test_tokens_and_numbers_of_characters_are_read_as_the_text_that_they_spell():
    spelled = [{"token": text, "logprob": -0.1} for text in ("Anna ", "Schm", "idt")]
    said = {"type": "output_text", "text": "x", "logprobs": spelled}
    request = read(input=[{"type": "message", "role": "assistant", "content": [said]}], x=list(b"Anna Schmidt"))
    numbers = [part for part in request.parts() if part.kind is PartKind.NUMBER]
    assert [part.text for part in numbers if "Anna" in part.text] == ["Anna Schmidt", "Anna Schmidt"]
    assert {part.path for part in numbers} <= request.sealed()
