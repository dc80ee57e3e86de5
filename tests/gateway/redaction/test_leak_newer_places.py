"""Where a value can hide in what the APIs have learned since 2025: every place, every kind of value, under the strict profile.

MCP servers and approvals, hosted containers and skills, programs, compaction, thoughts and their signatures, tool calls
of the provider, log probabilities, and what vendors that speak OpenAI's protocol add to it. The machinery and the values
are those of test_leak_corpus.py.
"""

from __future__ import annotations

import base64
import importlib.util
import json
from pathlib import Path

import pytest


def beside(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


places = beside("test_leak_places")
corpus = places.corpus
engine, policy = corpus.engine, corpus.policy
item, blocks, gemini, HI, SIGNATURE = corpus.item, places.blocks, places.gemini, places.HI, places.SIGNATURE
TEXT = {"type": "text", "text": "x"}


def tool(**fields):
    return {"input": "x", "tools": [fields]}


def chat(**fields):
    return {"model": "m", "messages": [{"role": "user", "content": "x"}], **fields}


def said(**message):
    return {"model": "m", "messages": [{"role": "user", "content": "x"}, message]}


def code(text):
    return base64.b64encode(text.encode()).decode()


def tokens(text):
    return [{"token": text[at : at + 4], "bytes": [], "logprob": -0.1} for at in range(0, len(text), 4)]


RESPONSES = {
    "mcp server_url": lambda text: tool(type="mcp", server_label="s", server_url=f"https://a.example/{text}"),
    "mcp headers": lambda text: tool(type="mcp", server_label="s", headers={"Authorization": text}),
    "mcp headers key": lambda text: tool(type="mcp", server_label="s", headers={text: "x"}),
    "mcp authorization": lambda text: tool(type="mcp", server_label="s", authorization=text),
    "mcp server_description": lambda text: tool(type="mcp", server_label="s", server_description=text),
    "mcp server_label": lambda text: tool(type="mcp", server_label=text),
    "mcp allowed": lambda text: tool(type="mcp", server_label="s", allowed_tools=[text]),
    "mcp allowed obj": lambda text: tool(type="mcp", server_label="s", allowed_tools={"tool_names": [text]}),
    "mcp approval": lambda text: tool(type="mcp", server_label="s", require_approval={"never": {"tool_names": [text]}}),
    "mcp connector": lambda text: tool(type="mcp", server_label="s", connector_id=text),
    "mcp approval req": lambda text: item(type="mcp_approval_request", id="mcpr_1", name="f", server_label="s", arguments=json.dumps({"a": text})),
    "mcp approval resp": lambda text: item(type="mcp_approval_response", approval_request_id="mcpr_1", approve=True, reason=text),
    "mcp approval resp id": lambda text: item(type="mcp_approval_response", approval_request_id=text, approve=True),
    "mcp list": lambda text: item(type="mcp_list_tools", id="mcpl_1", server_label="s", tools=[{"name": "f", "input_schema": {"description": text}, "annotations": {"x": text}}]),
    "mcp error": lambda text: item(type="mcp_call", id="mcp_1", name="f", server_label="s", arguments="{}", error=text),
    "mcp error obj": lambda text: item(type="mcp_call", id="mcp_1", name="f", server_label="s", arguments="{}", error={"type": "mcp_protocol_error", "code": 1, "message": text}),
    "img gen result": lambda text: item(type="image_generation_call", id="ig_1", result=text, revised_prompt=text),
    "img prompt": lambda text: item(type="image_generation_call", id="ig_1", result=None, revised_prompt=text),
    "img mask": lambda text: tool(type="image_generation", input_image_mask={"image_url": text}),
    "img mask file": lambda text: tool(type="image_generation", input_image_mask={"file_id": text}),
    "include": lambda text: {"input": "x", "include": [text]},
    "truncation": lambda text: {"input": "x", "truncation": text},
    "safety id": lambda text: {"input": "x", "safety_identifier": text},
    "prompt var image": lambda text: {"input": "x", "prompt": {"id": "pmpt_1", "version": text}},
    "prompt var text": lambda text: {"input": "x", "prompt": {"id": "pmpt_1", "variables": {"a": {"type": "input_text", "text": text}}}},
    "reasoning": lambda text: {"input": "x", "reasoning": {"effort": text, "summary": text}},
    "context mgmt": lambda text: {"input": "x", "context_management": [{"type": "compaction", "compact_threshold": 1000, "note": text}]},
    "compaction enc": lambda text: item(type="compaction", id="cmp_1", encrypted_content=code(text)),
    "compaction summary": lambda text: item(type="compaction_summary", text=text),
    "search filter": lambda text: tool(type="web_search", filters={"allowed_domains": [text]}, user_location={"type": "approximate", "city": text}),
    "file search filter": lambda text: tool(type="file_search", vector_store_ids=["vs_1"], filters={"type": "eq", "key": text, "value": text}),
    "ci container": lambda text: tool(type="code_interpreter", container=text),
    "ci container files": lambda text: tool(type="code_interpreter", container={"type": "auto", "file_ids": [text]}),
    "shell skills": lambda text: tool(type="shell", environment={"type": "container_auto", "skills": [{"type": "inline", "name": text, "description": text, "source": {"type": "base64", "data": code(text)}}]}),
    "shell net": lambda text: tool(type="shell", environment={"type": "container_auto", "network_policy": {"type": "allowlist", "domain_secrets": [{"name": text, "value": text, "domain": "a"}]}}),
    "custom out": lambda text: item(type="custom_tool_call_output", call_id="c", output=[{"type": "input_text", "text": text}]),
    "shell out": lambda text: item(type="shell_call_output", call_id="c", output=[{"stdout": "", "stderr": text, "outcome": {"type": "exit", "exit_code": 0}}]),
    "computer out": lambda text: item(type="computer_call_output", call_id="c", output={"type": "computer_screenshot", "image_url": text}),
    "computer safety": lambda text: item(type="computer_call_output", call_id="c", output={"type": "computer_screenshot", "image_url": "data:image/png;base64,AAAA"}, acknowledged_safety_checks=[{"id": "x", "message": text}]),
    "tool search": lambda text: item(type="tool_search_call", call_id="c", arguments={"q": text}),
    "program": lambda text: item(type="program", id="p", code=text, fingerprint=text),
    "program out": lambda text: item(type="program_output", call_id="p", result=text),
    "caller": lambda text: item(type="function_call", call_id="c", name="f", arguments="{}", caller={"type": "program", "caller_id": text}),
    "namespace": lambda text: item(type="function_call", call_id="c", name="f", namespace=text, arguments="{}"),
    "configuration_update": lambda text: item(type="configuration_update", instructions=text),
    "fs results": lambda text: item(type="file_search_call", id="fs_1", queries=[text], results=[{"text": text, "filename": text, "attributes": {"a": text}}]),
    "ws sources": lambda text: item(type="web_search_call", id="ws_1", action={"type": "search", "queries": [text], "sources": [{"type": "url", "url": text}]}),
    "file url": lambda text: item(role="user", content=[{"type": "input_file", "file_url": f"https://a/{text}"}]),
    "image url obj": lambda text: item(role="user", content=[{"type": "input_image", "image_url": {"url": f"https://a/{text}"}}]),
    "moderation": lambda text: {"input": "x", "moderation": {"x": text}},
    "stream_options": lambda text: {"input": "x", "stream_options": {"include_obfuscation": text}},
    "tool_choice": lambda text: {"input": "x", "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": text}]}},
    "prompt_cache_key": lambda text: {"input": "x", "prompt_cache_key": text, "prompt_cache_retention": text},
    "service_tier": lambda text: {"input": "x", "service_tier": text},
    "grammar regex": lambda text: tool(type="custom", name="f", format={"type": "grammar", "syntax": text, "definition": "a"}),
    "msg id": lambda text: item(type="message", role="assistant", id=text, content=[{"type": "output_text", "text": "x"}]),
    "msg phase": lambda text: item(type="message", role="assistant", phase=text, content=[{"type": "output_text", "text": "x"}]),
    "logprobs": lambda text: item(type="message", role="assistant", content=[{"type": "output_text", "text": "x", "logprobs": [{"token": text, "bytes": list(text.encode()), "top_logprobs": []}]}]),
    "tokens": lambda text: item(type="message", role="assistant", content=[{"type": "output_text", "text": "x", "logprobs": tokens(text)}]),
    "bytes of tokens": lambda text: item(type="message", role="assistant", content=[{"type": "output_text", "text": "x", "logprobs": [{"token": "", "bytes": list(text.encode())}]}]),
}  # fmt: skip
CHAT = {
    "fn strict": lambda text: chat(tools=[{"type": "function", "function": {"name": "f", "strict": text}}]),
    "custom tool": lambda text: chat(tools=[{"type": "custom", "custom": {"name": "f", "description": text, "format": {"type": "grammar", "grammar": {"definition": text, "syntax": "lark"}}}}]),
    "web_search_options": lambda text: chat(web_search_options={"user_location": {"type": "approximate", "approximate": {"city": text}}}),
    "prediction": lambda text: chat(prediction={"type": "content", "content": text}),
    "prediction blk": lambda text: chat(prediction={"type": "content", "content": [{"type": "text", "text": text}]}),
    "audio voice": lambda text: chat(audio={"voice": {"id": text}, "format": "wav"}),
    "metadata": lambda text: chat(metadata={"a": text, text: "b"}),
    "logit_bias": lambda text: chat(logit_bias={text: 1}),
    "extra_body": lambda text: chat(extra_body={"a": text}),
    "chat_template_kwargs": lambda text: chat(chat_template_kwargs={"a": text}),
    "guided": lambda text: chat(guided_regex=text, guided_choice=[text]),
    "enable_search": lambda text: chat(search_options={"forced_search": True, "q": text}),
    "qwen tools": lambda text: chat(tools=[{"type": "web_search", "web_search": {"search_query": text, "enable": True}}]),
    "kimi builtin": lambda text: chat(tools=[{"type": "builtin_function", "function": {"name": text}}]),
    "glm retrieval": lambda text: chat(tools=[{"type": "retrieval", "retrieval": {"knowledge_id": "1", "prompt_template": text}}]),
    "glm request_id": lambda text: chat(request_id=text, user_id=text),
    "doubao thinking": lambda text: chat(thinking={"type": "enabled", "x": text}),
    "deepseek prefix": lambda text: said(role="assistant", content=text, prefix=True),
    "reasoning_content": lambda text: said(role="assistant", content="x", reasoning_content=text),
    "reasoning_details": lambda text: said(role="assistant", content="x", reasoning_details=[{"type": "reasoning.text", "text": text, "signature": text, "id": text}]),
    "reasoning enc": lambda text: said(role="assistant", content="x", reasoning_details=[{"type": "reasoning.encrypted", "data": code(text)}]),
    "minimax name": lambda text: said(role="user", content="x", name=text),
    "partial": lambda text: said(role="assistant", content=text, partial=True),
    "annotations": lambda text: said(role="assistant", content="x", annotations=[{"type": "url_citation", "url_citation": {"url": text, "title": text}}]),
    "tool_calls custom": lambda text: said(role="assistant", content=None, tool_calls=[{"id": "c", "type": "custom", "custom": {"name": "f", "input": text}}]),
    "tool_calls extra": lambda text: said(role="assistant", content=None, tool_calls=[{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}, "extra_content": {"google": {"thought_signature": text}}}]),
    "function_call": lambda text: said(role="assistant", content=None, function_call={"name": text, "arguments": text}),
    "file": lambda text: said(role="user", content=[{"type": "file", "file": {"filename": text, "file_data": "data:application/pdf;base64,JVBERi0xLjQ="}}]),
    "image detail": lambda text: said(role="user", content=[{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": text}}]),
    "video": lambda text: said(role="user", content=[{"type": "video", "video": [text]}]),
    "cache_control": lambda text: said(role="user", content=[{"type": "text", "text": "x", "cache_control": {"type": text}}]),
    "data url text": lambda text: said(role="user", content=[{"type": "image_url", "image_url": {"url": "data:text/plain," + text}}]),
    "data url pct": lambda text: said(role="user", content=[{"type": "image_url", "image_url": {"url": "data:text/plain;charset=utf-8," + "".join(f"%{b:02x}" for b in text.encode())}}]),
    "numbers of characters": lambda text: chat(metadata={"a": list(text.encode())}),
}  # fmt: skip
ANTHROPIC = {
    "ctx mgmt": lambda text: blocks(TEXT, context_management={"edits": [{"type": "clear_tool_uses_20250919", "exclude_tools": [text]}]}),
    "ctx compact instr": lambda text: blocks(TEXT, context_management={"edits": [{"type": "compact_20260112", "instructions": text}]}),
    "container skills": lambda text: blocks(TEXT, container={"id": "c", "skills": [{"type": "custom", "skill_id": text}]}),
    "mcp tool config": lambda text: blocks(TEXT, mcp_servers=[{"type": "url", "name": "s", "url": "https://a", "tool_configuration": {"allowed_tools": [text]}}]),
    "mcp toolset": lambda text: blocks(TEXT, tools=[{"type": "mcp_toolset", "mcp_server_name": text, "configs": {text: {"enabled": True}}}]),
    "thinking config": lambda text: blocks(TEXT, thinking={"type": "enabled", "budget_tokens": 1024, "display": text}),
    "inference geo": lambda text: blocks(TEXT, inference_geo=text),
    "speed": lambda text: blocks(TEXT, speed=text),
    "memory use": lambda text: blocks({"type": "tool_use", "id": "toolu_1", "name": "memory", "input": {"command": "create", "path": "/memories/" + text, "file_text": text}}, role="assistant"),
    "mcp tool use": lambda text: blocks({"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "f", "server_name": text, "input": {"a": text}}, role="assistant"),
    "mcp result": lambda text: blocks({"type": "mcp_tool_result", "tool_use_id": "mcptoolu_1", "is_error": False, "content": [{"type": "text", "text": text}]}, role="assistant"),
    "bash output": lambda text: blocks({"type": "bash_code_execution_tool_result", "tool_use_id": "srvtoolu_1", "content": {"type": "bash_code_execution_result", "stdout": "", "stderr": "", "return_code": 0, "content": [{"type": "bash_code_execution_output", "file_id": text}]}}, role="assistant"),
    "enc stdout": lambda text: blocks({"type": "code_execution_tool_result", "tool_use_id": "srvtoolu_1", "content": {"type": "encrypted_code_execution_result", "encrypted_stdout": text, "stderr": text, "return_code": 0, "content": []}}, role="assistant"),
    "enc stdout b64": lambda text: blocks({"type": "code_execution_tool_result", "tool_use_id": "srvtoolu_1", "content": {"type": "encrypted_code_execution_result", "encrypted_stdout": code(text), "stderr": "", "return_code": 0, "content": []}}, role="assistant"),
    "editor result": lambda text: blocks({"type": "text_editor_code_execution_tool_result", "tool_use_id": "srvtoolu_1", "content": {"type": "text_editor_code_execution_view_result", "content": text, "file_type": "text"}}, role="assistant"),
    "editor diff": lambda text: blocks({"type": "text_editor_code_execution_tool_result", "tool_use_id": "srvtoolu_1", "content": {"type": "text_editor_code_execution_str_replace_result", "lines": [text]}}, role="assistant"),
    "tool search": lambda text: blocks({"type": "tool_search_tool_result", "tool_use_id": "srvtoolu_1", "content": {"type": "tool_search_tool_search_result", "tool_references": [{"type": "tool_reference", "tool_name": text}]}}, role="assistant"),
    "tool ref": lambda text: places.result([{"type": "tool_reference", "tool_name": text}]),
    "tool err": lambda text: blocks({"type": "web_fetch_tool_result", "tool_use_id": "srvtoolu_1", "content": {"type": "web_fetch_tool_result_error", "error_code": text}}, role="assistant"),
    "caller": lambda text: blocks({"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}, "caller": {"type": "code_execution_20250825", "tool_id": text}}, role="assistant"),
    "tool addition": lambda text: blocks({"type": "tool_addition", "tool": {"name": "f", "description": text, "input_schema": {}}}),
    "tool removal": lambda text: blocks({"type": "tool_removal", "tool_name": text}),
    "browser state": lambda text: blocks({"type": "browser_state", "url": text, "title": text, "tabs": [{"title": text}]}),
    "fallback": lambda text: blocks({"type": "fallback", "x": text}, role="assistant"),
    "compaction enc": lambda text: blocks({"type": "compaction", "content": None, "encrypted_content": text}, role="assistant"),
    "system role": lambda text: {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}, {"role": "system", "content": text}]},
    "fine stream tool": lambda text: blocks(TEXT, tools=[{"name": "f", "eager_input_streaming": True, "defer_loading": True, "input_schema": {}, "allowed_callers": [text]}]),
    "betas": lambda text: blocks(TEXT, betas=[text]),
    "citation search": lambda text: blocks({"type": "text", "text": "x", "citations": [{"type": "search_result_location", "source": text, "title": text, "cited_text": text, "search_result_index": 0, "start_block_index": 0, "end_block_index": 1}]}, role="assistant"),
    "cit doc title": lambda text: blocks({"type": "text", "text": "x", "citations": [{"type": "char_location", "document_title": text, "file_id": text, "cited_text": "x", "document_index": 0, "start_char_index": 0, "end_char_index": 1}]}, role="assistant"),
    "advisor": lambda text: blocks(TEXT, tools=[{"type": "advisor_20260301", "name": "advisor", "model": text}]),
    "advisor res": lambda text: blocks({"type": "advisor_tool_result", "tool_use_id": "srvtoolu_1", "content": {"type": "advisor_result", "text": text}}, role="assistant"),
    "mcp listing": lambda text: blocks({"type": "mcp_tool_listing", "server_name": text, "tools": [{"name": text, "description": text}]}, role="assistant"),
    "user_profile_id": lambda text: blocks(TEXT, user_profile_id=text),
    "diagnostics": lambda text: blocks(TEXT, diagnostics={"previous_message_id": text}),
    "fallbacks": lambda text: blocks(TEXT, fallbacks=[{"model": text}]),
}  # fmt: skip
GEMINI = {
    "toolCall": lambda text: gemini({"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "a", "args": {"queries": [text]}}, "thoughtSignature": SIGNATURE}, role="model"),
    "toolResponse": lambda text: gemini({"toolResponse": {"toolType": "GOOGLE_SEARCH_WEB", "id": "a", "response": {"r": text}}}, role="model"),
    "toolCall type": lambda text: gemini({"tool_call": {"tool_type": text}}, role="model"),
    "partialArgs": lambda text: gemini({"functionCall": {"name": "f", "partialArgs": [{"jsonPath": "$.a", "stringValue": text}], "willContinue": True}}, role="model"),
    "fileData mime": lambda text: gemini({"fileData": {"mimeType": text, "fileUri": "gs://b/o"}}),
    "youtube": lambda text: gemini({"fileData": {"fileUri": "https://youtu.be/" + text}}),
    "urlContext": lambda text: {"contents": [HI], "tools": [{"urlContext": {"x": text}}]},
    "maps": lambda text: {"contents": [HI], "tools": [{"googleMaps": {"authConfig": {"apiKeyConfig": {"apiKeyString": text}}}}]},
    "retrieval": lambda text: {"contents": [HI], "tools": [{"retrieval": {"vertexRagStore": {"ragCorpora": [text]}, "externalApi": {"endpoint": text, "apiAuth": {"apiKeyConfig": {"apiKeySecretVersion": text}}}}}]},
    "fs filter": lambda text: {"contents": [HI], "tools": [{"fileSearch": {"metadataFilter": text}}]},
    "mcp": lambda text: {"contents": [HI], "tools": [{"mcpServers": [{"name": text, "streamableHttpTransport": {"url": text, "headers": {"a": text}}}]}]},
    "computer": lambda text: {"contents": [HI], "tools": [{"computerUse": {"environment": text, "excludedPredefinedFunctions": [text]}}]},
    "latlng": lambda text: {"contents": [HI], "toolConfig": {"retrievalConfig": {"latLng": {"latitude": 1, "longitude": 1}, "languageCode": text}}},
    "model armor": lambda text: {"contents": [HI], "modelArmorConfig": {"promptTemplateName": text}},
    "routing": lambda text: {"contents": [HI], "generationConfig": {"routingConfig": {"manualMode": {"modelName": text}}}},
    "sys string": lambda text: {"contents": [HI], "systemInstruction": text},
    "sys list": lambda text: {"contents": [HI], "systemInstruction": [{"text": text}]},
    "sys parts str": lambda text: {"contents": [HI], "systemInstruction": {"parts": text}},
    "sys parts list str": lambda text: {"contents": [HI], "systemInstruction": {"parts": [text]}},
    "contents str": lambda text: {"contents": text},
    "contents list str": lambda text: {"contents": [text]},
    "parts list str": lambda text: {"contents": [{"parts": [text]}]},
    "dup camel": lambda text: gemini({"functionCall": {"name": "f", "args": {"a": "x"}}, "function_call": {"name": "f", "args": {"a": text}}}, role="model"),
    "dup sig": lambda text: gemini({"text": "x", "thoughtSignature": SIGNATURE, "thought_signature": text}, role="model"),
    "sig b64 of text": lambda text: gemini({"text": "x", "thoughtSignature": base64.b64encode((text * 5).encode()).decode()}, role="model"),
    "inline text mime": lambda text: gemini({"inlineData": {"mimeType": "text/csv", "data": code(text)}}),
    "inline utf16": lambda text: gemini({"inlineData": {"mimeType": "text/plain", "data": base64.b64encode(text.encode("utf-16")).decode()}}),
    "funcresp media": lambda text: gemini({"functionResponse": {"name": "f", "response": {}, "parts": [{"fileData": {"fileUri": text, "mimeType": "image/png"}}]}}),
    "funcresp parts obj": lambda text: gemini({"functionResponse": {"name": "f", "response": {}, "parts": {"text": text}}}),
    "transcription": lambda text: gemini({"text": "x", "audioTranscription": {"text": text}}, role="model"),
    "speech meta": lambda text: gemini({"text": "x", "speechMetadata": {"a": text}}),
    "mediaResolution": lambda text: gemini({"text": "x", "mediaResolution": {"level": text}}),
}  # fmt: skip
CASES = [
    *(("openai_responses", name, place) for name, place in RESPONSES.items()),
    *(("openai_chat", name, place) for name, place in CHAT.items()),
    *(("anthropic_messages", name, place) for name, place in ANTHROPIC.items()),
    *(("gemini_generate", name, place) for name, place in GEMINI.items()),
]


def spelled(body, value):
    """Whether tokens or numbers of characters spell the value."""
    raw = body.decode()
    bytes_ = json.dumps(list(value.encode()))[1:-1]
    return bytes_ in raw or value in "".join(part.split('"')[0] for part in raw.split('"token": "')[1:])


@pytest.mark.parametrize(
    ("protocol", "place"), [case[::2] for case in CASES], ids=["-".join(case[:2]) for case in CASES]
)
@pytest.mark.parametrize("value", corpus.SENTENCES, ids=places.IDS)
def test_no_value_leaves_from_any_newer_place(protocol, place, value, engine, policy):
    text = corpus.SENTENCES[value]
    tree = place(text) if protocol != "openai_responses" else {"model": "m", **place(text)}
    body = corpus.forwarded(protocol, tree, engine, policy)
    corpus.assert_absent(body, value)
    assert code(text).encode() not in body
    assert not spelled(body, value)


LONG = base64.b64encode(bytes(number * 37 % 256 for number in range(3000))).decode()
SEARCHED = {"url": "https://example.com/a", "title": "Weather"}
CITED = {"type": "url_citation", **SEARCHED, "start_index": 0, "end_index": 3}
ORDINARY = {
    "searched": ("anthropic_messages", blocks(
        {"type": "server_tool_use", "id": "srvtoolu_01A09q90qw90lq9", "name": "web_search", "input": {"query": "weather"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_01A09q90qw90lq9", "content": [{"type": "web_search_result", **SEARCHED, "encrypted_content": LONG}]},
        {"type": "text", "text": "It rains.", "citations": [{"type": "web_search_result_location", **SEARCHED, "encrypted_index": SIGNATURE, "cited_text": "rain"}]},
        role="assistant")),
    "fetched": ("anthropic_messages", blocks({"type": "web_fetch_tool_result", "tool_use_id": "srvtoolu_01A09q90qw90lq9", "content": {"type": "web_fetch_result", "url": "https://example.com/a", "content": {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "It rains"}}}}, role="assistant")),
    "sealed output": ("anthropic_messages", blocks({"type": "code_execution_tool_result", "tool_use_id": "srvtoolu_01A09q90qw90lq9", "content": {"type": "encrypted_code_execution_result", "encrypted_stdout": LONG, "stderr": "", "return_code": 0, "content": []}}, role="assistant")),
    "sealed advice": ("anthropic_messages", blocks({"type": "advisor_tool_result", "tool_use_id": "srvtoolu_01A09q90qw90lq9", "content": {"type": "advisor_redacted_result", "encrypted_content": LONG}}, role="assistant")),
    "fallback": ("anthropic_messages", blocks({"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}}, TEXT, role="assistant")),
    "signed compaction": ("anthropic_messages", blocks({"type": "compaction", "content": "They spoke of rain.", "signature": LONG}, role="assistant")),
    "browser": ("anthropic_messages", places.result([{"type": "browser_state", "tabs": [{"tab_id": "1", "title": "Weather", "url": "https://example.com", "active": True}]}])),
    "cited in chat": ("openai_chat", {"model": "m", "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "It rains", "annotations": [{"type": "url_citation", "url_citation": CITED}]}, {"role": "user", "content": "y"}]}),
    "signed call in chat": ("openai_chat", {"model": "m", "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}, "extra_content": {"google": {"thought_signature": LONG}}}]}, {"role": "tool", "tool_call_id": "c", "content": "r"}]}),
    "sealed reasoning in chat": ("openai_chat", {"model": "m", "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "a", "reasoning_details": [{"type": "reasoning.encrypted", "data": LONG, "format": "openai-responses-v1"}]}, {"role": "user", "content": "y"}]}),
    "cited response": ("openai_responses", {"model": "m", "input": [{"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "It rains", "annotations": [CITED], "logprobs": tokens("It rains") + tokens("!")}]}, {"role": "user", "content": "y"}]}),
    "Google's own call": ("gemini_generate", gemini({"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "a", "args": {"queries": ["weather"]}}, "thoughtSignature": SIGNATURE}, role="model")),
    "Google's own result": ("gemini_generate", gemini({"toolResponse": {"toolType": "GOOGLE_SEARCH_WEB", "id": "a", "response": {"found": "<div>"}}}, role="model")),
}  # fmt: skip


@pytest.mark.parametrize("name", ORDINARY)
def test_what_an_answer_gave_can_be_sent_back_as_it_is(name, engine, policy):
    protocol, tree = ORDINARY[name]
    assert corpus.forwarded(protocol, tree, engine, policy) == json.dumps(tree, ensure_ascii=False).encode()


WRITINGS = {
    "quoted-printable": lambda text: "".join(f"={byte:02X}" for byte in text.encode()),
    "quoted-printable mail": lambda text: "Content-Transfer-Encoding: quoted-printable\n\n" + text.replace("@", "=40").replace(" ", "=20"),
    "octal": lambda text: "".join(f"\\{byte:03o}" for byte in text.encode()),
    "long escapes": lambda text: "".join(f"\\U{ord(character):08x}" for character in text),
    "UTF-16 in Base64": lambda text: base64.b64encode(text.encode("utf-16")).decode(),
    "PowerShell": lambda text: "powershell -EncodedCommand " + base64.b64encode(text.encode("utf-16-le")).decode(),
    "UTF-16 in hex": lambda text: text.encode("utf-16-be").hex(),
}  # fmt: skip


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("value", corpus.SENTENCES, ids=places.IDS)
def test_no_value_leaves_in_a_writing_of_mails_and_shells(writing, value, engine, policy):
    written = WRITINGS[writing](corpus.SENTENCES[value])
    body = corpus.forwarded("openai_chat", said(role="user", content=written), engine, policy)
    assert json.dumps(written).encode() not in body
    assert not body or "⟦" in body.decode() or "[" in json.loads(body)["messages"][1]["content"]
