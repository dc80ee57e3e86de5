"""Where a value can hide in a call to Gemini or Anthropic: every place, every kind of value, under the strict profile.

The machinery and the values are those of test_leak_corpus.py; the places here are what these two APIs have of their own:
schemas and names of tools, metadata, arrays of system texts, JSON in strings, titles and alternative texts, cached
blocks, names of files, results of provider tools, both writings of Google's fields.
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


corpus = beside("test_leak_corpus")
engine, policy = corpus.engine, corpus.policy
SENTENCES, PNG, SIGNATURE = corpus.SENTENCES, corpus.PNG, base64.b64encode(bytes(range(256))).decode()
IDS = ["mail", "card", "key", "phone", "cnid", "name"]
HI = {"role": "user", "parts": [{"text": "hi"}]}
CACHED = {"cache_control": {"type": "ephemeral"}}


# --- Gemini ------------------------------------------------------------------------------------------------------------


def gemini(*parts, role="user", **fields):
    return {"contents": [HI, {"role": role, "parts": list(parts)}], **fields}


def declared(**function):
    return {"contents": [HI], "tools": [{"functionDeclarations": [{"name": "f"} | function]}]}


GEMINI = {
    "text": lambda text: gemini({"text": text}),
    "text of the model": lambda text: gemini({"text": text}, role="model"),
    "text of a function": lambda text: gemini({"text": text}, role="function"),
    "text without a role": lambda text: {"contents": [{"parts": [{"text": text}]}]},
    "single content": lambda text: {"contents": {"parts": {"text": text}}},
    "single part": lambda text: {"contents": [{"role": "user", "parts": {"text": text}}]},
    "thought": lambda text: gemini({"text": text, "thought": True}, role="model"),
    "signed thought": lambda text: gemini({"text": text, "thought": True, "thoughtSignature": SIGNATURE}, role="model"),
    "signed text": lambda text: gemini({"text": text, "thoughtSignature": SIGNATURE}, role="model"),
    "signature": lambda text: gemini({"text": "x", "thoughtSignature": text}, role="model"),
    "signature in snake case": lambda text: gemini({"text": "x", "thought_signature": text}),
    "arguments": lambda text: gemini({"functionCall": {"name": "f", "args": {"note": text}}}, role="model"),
    "arguments deep": lambda text: gemini({"function_call": {"name": "f", "args": {"a": [{"b": [text]}]}}}, role="model"),
    "argument's key": lambda text: gemini({"functionCall": {"name": "f", "args": {text: 1}}}, role="model"),
    "argument of JSON": lambda text: gemini({"functionCall": {"name": "f", "args": {"j": json.dumps({"n": text})}}}, role="model"),
    "function's name": lambda text: gemini({"functionCall": {"name": text, "args": {}}}, role="model"),
    "call's id": lambda text: gemini({"functionCall": {"name": "f", "id": text, "args": {}}}, role="model"),
    "response": lambda text: gemini({"functionResponse": {"name": "f", "response": {"result": text}}}),
    "response in snake case": lambda text: gemini({"function_response": {"name": "f", "response": {"output": [text]}}}),
    "response's name": lambda text: gemini({"functionResponse": {"name": text, "response": {}}}),
    "response's parts": lambda text: gemini({"functionResponse": {"name": "f", "response": {}, "parts": [{"text": text}]}}),
    "response's file": lambda text: gemini({"functionResponse": {"name": "f", "response": {}, "parts": [{"inlineData": {"mimeType": "image/png", "data": PNG, "displayName": text}}]}}),
    "code": lambda text: gemini({"executableCode": {"language": "PYTHON", "code": f"x = {text!r}"}}, role="model"),
    "output of code": lambda text: gemini({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": text}}, role="model"),
    "outcome": lambda text: gemini({"codeExecutionResult": {"outcome": text}}, role="model"),
    "inline text": lambda text: gemini({"inlineData": {"mimeType": "text/plain", "data": base64.b64encode(text.encode()).decode()}}),
    "words as data": lambda text: gemini({"inlineData": {"mimeType": "image/png", "data": text}}),
    "media type": lambda text: gemini({"inlineData": {"mimeType": text, "data": "AAAA"}}),
    "file's name": lambda text: gemini({"inlineData": {"mimeType": "image/png", "data": PNG, "displayName": text}}),
    "file's name in snake case": lambda text: gemini({"file_data": {"file_uri": "x", "display_name": text}}),
    "file's address": lambda text: gemini({"fileData": {"fileUri": f"https://a.example/?q={text}"}}),
    "part's metadata": lambda text: gemini({"text": "x", "partMetadata": {"note": text}}),
    "video's metadata": lambda text: gemini({"text": "x", "videoMetadata": {"startOffset": text}}),
    "unknown part": lambda text: gemini({"novel": {"deep": [text]}}),
    "unknown field of a part": lambda text: gemini({"text": "x", "note": text}),
    "unknown key of a part": lambda text: gemini({"text": "x", text: 1}),
    "unknown field of a content": lambda text: {"contents": [HI | {"note": text}]},
    "system": lambda text: {"contents": [HI], "systemInstruction": {"parts": [{"text": text}]}},
    "system in snake case": lambda text: {"contents": [HI], "system_instruction": {"parts": [{"text": "x"}, {"text": text}]}},
    "system's role": lambda text: {"contents": [HI], "systemInstruction": {"role": text, "parts": [{"text": "x"}]}},
    "single system part": lambda text: {"contents": [HI], "systemInstruction": {"parts": {"text": text}}},
    "declaration": lambda text: declared(description=text),
    "declaration's name": lambda text: declared(name=text),
    "parameter": lambda text: declared(parameters={"type": "OBJECT", "properties": {"a": {"type": "STRING", "description": text}}}),
    "parameter's name": lambda text: declared(parameters={"type": "OBJECT", "properties": {text: {"type": "STRING"}}}),
    "enumeration": lambda text: declared(parameters={"type": "OBJECT", "properties": {"a": {"type": "STRING", "enum": [text]}}}),
    "JSON schema": lambda text: declared(parametersJsonSchema={"type": "object", "properties": {"a": {"const": text}}}),
    "default": lambda text: declared(parameters={"type": "OBJECT", "properties": {"a": {"default": text}}}),
    "required": lambda text: declared(parameters={"type": "OBJECT", "required": [text]}),
    "response schema of a function": lambda text: declared(response={"type": "OBJECT", "description": text}),
    "declarations in snake case": lambda text: {"contents": [HI], "tools": [{"function_declarations": [{"name": "f", "description": text}]}]},
    "single tool": lambda text: {"contents": [HI], "tools": {"functionDeclarations": {"name": "f", "description": text}}},
    "unknown tool": lambda text: {"contents": [HI], "tools": [{"novel": {"x": text}}]},
    "allowed functions": lambda text: {"contents": [HI], "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [text]}}},
    "search's place": lambda text: {"contents": [HI], "tools": [{"googleSearch": {}}], "toolConfig": {"retrievalConfig": {"languageCode": text}}},
    "file stores": lambda text: {"contents": [HI], "tools": [{"fileSearch": {"fileSearchStoreNames": [text]}}]},
    "stop sequences": lambda text: {"contents": [HI], "generationConfig": {"stopSequences": [text]}},
    "response schema": lambda text: {"contents": [HI], "generationConfig": {"responseMimeType": "application/json", "responseSchema": {"description": text}}},
    "response JSON schema": lambda text: {"contents": [HI], "generation_config": {"response_json_schema": {"title": text}}},
    "response media type": lambda text: {"contents": [HI], "generationConfig": {"responseMimeType": text}},
    "voice": lambda text: {"contents": [HI], "generationConfig": {"speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": text}}}}},
    "safety settings": lambda text: {"contents": [HI], "safetySettings": [{"category": text}]},
    "cached content": lambda text: {"contents": [HI], "cachedContent": f"cachedContents/{text}"},
    "labels": lambda text: {"contents": [HI], "labels": {"team": text}},
    "unknown field": lambda text: {"contents": [HI], "novel": [{"a": [text]}]},
    "unknown key": lambda text: {"contents": [HI], "novel": {text: 1}},
    "model": lambda text: {"contents": [HI], "model": f"models/{text}"},
    "JSON in a text": lambda text: gemini({"text": json.dumps({"m": json.dumps({"n": text})})}),
    "many turns ago": lambda text: {"contents": [{"role": "user", "parts": [{"text": text}]}, *[HI | {"role": "model"}, HI] * 3]},
}  # fmt: skip
EMBEDDED = {
    "content": lambda text: {"content": {"parts": [{"text": text}]}},
    "title": lambda text: {"content": HI, "title": text},
    "batch": lambda text: {"requests": [{"model": "models/m", "content": HI}, {"model": "models/m", "content": {"parts": [{"text": text}]}}]},
    "batch's title": lambda text: {"requests": [{"model": "models/m", "content": HI, "title": text}]},
    "batch's model": lambda text: {"requests": [{"model": text, "content": HI}]},
    "beside a batch": lambda text: {"requests": [{"content": HI}], "note": text},
    "beside a content": lambda text: {"content": HI, "taskType": text},
}  # fmt: skip


# --- Anthropic ---------------------------------------------------------------------------------------------------------


def blocks(*content, role="user", **fields):
    turns = [{"role": role, "content": list(content)}]
    if role == "assistant":
        turns = [{"role": "user", "content": "x"}, *turns, {"role": "user", "content": "y"}]
    return {"model": "m", "max_tokens": 9, "messages": turns, **fields}


def tool(**fields):
    return blocks({"type": "text", "text": "x"}, tools=[{"name": "f", "input_schema": {"type": "object"}} | fields])


def result(content, **fields):
    return blocks({"type": "tool_result", "tool_use_id": "toolu_01A09q90qw90lq917835lq9", "content": content, **fields})


def searched(**fields):
    found = {
        "type": "web_search_result",
        "url": "https://a.example",
        "title": "t",
        "encrypted_content": SIGNATURE,
    } | fields
    return blocks(
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_01A09q90qw90lq9", "content": [found]},
        role="assistant",
    )


def document(source, **fields):
    return blocks({"type": "document", "source": source, **fields})


ANTHROPIC = {
    "cached block": lambda text: blocks({"type": "text", "text": text, **CACHED}),
    "system": lambda text: blocks({"type": "text", "text": "x"}, system=text),
    "system array": lambda text: blocks({"type": "text", "text": "x"}, system=[{"type": "text", "text": "y"}, {"type": "text", "text": text, **CACHED}]),
    "system block's own field": lambda text: blocks({"type": "text", "text": "x"}, system=[{"type": "text", "text": "y", "note": text}]),
    "cache control": lambda text: blocks({"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": text}}),
    "user id": lambda text: blocks({"type": "text", "text": "x"}, metadata={"user_id": text}),
    "stop sequences": lambda text: blocks({"type": "text", "text": "x"}, stop_sequences=[text]),
    "tool's description": lambda text: tool(description=text),
    "tool's name": lambda text: tool(name=text),
    "tool's schema": lambda text: tool(input_schema={"type": "object", "properties": {"a": {"description": text}}}),
    "tool's property": lambda text: tool(input_schema={"type": "object", "properties": {text: {}}}),
    "tool's enumeration": lambda text: tool(input_schema={"type": "object", "properties": {"a": {"enum": [text]}}}),
    "tool's example": lambda text: tool(input_examples=[{"a": text}]),
    "cached tool": lambda text: tool(description=text, **CACHED),
    "tool choice": lambda text: blocks({"type": "text", "text": "x"}, tools=[{"name": "f", "input_schema": {}}], tool_choice={"type": "tool", "name": text}),
    "search's domains": lambda text: blocks({"type": "text", "text": "x"}, tools=[{"type": "web_search_20250305", "name": "web_search", "allowed_domains": [text]}]),
    "search's place": lambda text: blocks({"type": "text", "text": "x"}, tools=[{"type": "web_search_20250305", "name": "web_search", "user_location": {"type": "approximate", "city": text}}]),
    "MCP server's address": lambda text: blocks({"type": "text", "text": "x"}, mcp_servers=[{"type": "url", "name": "s", "url": f"https://a.example/{text}"}]),
    "MCP server's token": lambda text: blocks({"type": "text", "text": "x"}, mcp_servers=[{"type": "url", "name": "s", "url": "https://a.example", "authorization_token": text}]),
    "MCP server's name": lambda text: blocks({"type": "text", "text": "x"}, mcp_servers=[{"type": "url", "name": text, "url": "https://a.example"}]),
    "tool input": lambda text: blocks({"type": "tool_use", "id": "toolu_01A09q90qw90lq917835lq9", "name": "f", "input": {"a": [text]}}, role="assistant"),
    "tool input's key": lambda text: blocks({"type": "tool_use", "id": "toolu_01A09q90qw90lq917835lq9", "name": "f", "input": {text: 1}}, role="assistant"),
    "tool use's name": lambda text: blocks({"type": "tool_use", "id": "toolu_01A09q90qw90lq917835lq9", "name": text, "input": {}}, role="assistant"),
    "tool use's id": lambda text: blocks({"type": "tool_use", "id": f"toolu_{text}", "name": "f", "input": {}}, role="assistant"),
    "server tool's input": lambda text: blocks({"type": "server_tool_use", "id": "srvtoolu_01A09q90qw90lq9", "name": "web_search", "input": {"query": text}}, role="assistant"),
    "tool result": result,
    "tool result's block": lambda text: result([{"type": "text", "text": text, **CACHED}]),
    "tool result's id": lambda text: result("x", tool_use_id=text),
    "tool result's JSON": lambda text: result(json.dumps({"m": json.dumps({"n": text})})),
    "tool result's document": lambda text: result([{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": text}}]),
    "search result in a tool result": lambda text: result([{"type": "search_result", "source": "https://a.example", "title": "t", "content": [{"type": "text", "text": text}]}]),
    "search result's title": lambda text: blocks({"type": "search_result", "source": "x", "title": text, "content": []}),
    "search result's source": lambda text: blocks({"type": "search_result", "source": text, "title": "t", "content": []}),
    "web result's title": lambda text: searched(title=text),
    "web result's address": lambda text: searched(url=f"https://a.example/?q={text}"),
    "web result's age": lambda text: searched(page_age=text),
    "web result's content": lambda text: searched(encrypted_content=text),
    "fetched page": lambda text: blocks({"type": "web_fetch_tool_result", "tool_use_id": "srvtoolu_01A09q90qw90lq9", "content": {"type": "web_fetch_result", "url": "https://a.example", "content": {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": text}}}}, role="assistant"),
    "code's output": lambda text: blocks({"type": "bash_code_execution_tool_result", "tool_use_id": "srvtoolu_01A09q90qw90lq9", "content": {"type": "bash_code_execution_result", "stdout": text, "stderr": "", "return_code": 0}}, role="assistant"),
    "code's error": lambda text: blocks({"type": "code_execution_tool_result", "tool_use_id": "srvtoolu_01A09q90qw90lq9", "content": {"type": "code_execution_result", "stdout": "", "stderr": text, "return_code": 1}}, role="assistant"),
    "thinking": lambda text: blocks({"type": "thinking", "thinking": text, "signature": SIGNATURE}, role="assistant"),
    "unsigned thinking": lambda text: blocks({"type": "thinking", "thinking": text}, role="assistant"),
    "thinking's signature": lambda text: blocks({"type": "thinking", "thinking": "x", "signature": text}, role="assistant"),
    "redacted thinking": lambda text: blocks({"type": "redacted_thinking", "data": text}, role="assistant"),
    "document": lambda text: document({"type": "text", "media_type": "text/plain", "data": text}),
    "cached document": lambda text: document({"type": "text", "media_type": "text/plain", "data": text}, **CACHED),
    "document of blocks": lambda text: document({"type": "content", "content": [{"type": "text", "text": text}]}),
    "document of one text": lambda text: document({"type": "content", "content": text}),
    "document's title": lambda text: document({"type": "text", "media_type": "text/plain", "data": "x"}, title=text),
    "document's context": lambda text: document({"type": "text", "media_type": "text/plain", "data": "x"}, context=text),
    "document's address": lambda text: document({"type": "url", "url": f"https://a.example/{text}.pdf"}),
    "document's file": lambda text: document({"type": "file", "file_id": text}),
    "document's media type": lambda text: document({"type": "text", "media_type": text, "data": "x"}),
    "words as a PDF": lambda text: document({"type": "base64", "media_type": "application/pdf", "data": text}),
    "image's alternative text": lambda text: blocks({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}, "alt": text}),
    "image's address": lambda text: blocks({"type": "image", "source": {"type": "url", "url": f"https://a.example/?q={text}"}}),
    "uploaded file": lambda text: blocks({"type": "container_upload", "file_id": text}),
    "container": lambda text: blocks({"type": "text", "text": "x"}, container=text),
    "citation's text": lambda text: blocks({"type": "text", "text": "x", "citations": [{"type": "char_location", "cited_text": text, "document_index": 0, "start_char_index": 0, "end_char_index": 9}]}, role="assistant"),
    "citation's title": lambda text: blocks({"type": "text", "text": "x", "citations": [{"type": "page_location", "cited_text": "c", "document_title": text}]}, role="assistant"),
    "citation's address": lambda text: blocks({"type": "text", "text": "x", "citations": [{"type": "web_search_result_location", "cited_text": "c", "url": text, "encrypted_index": SIGNATURE}]}, role="assistant"),
    "output schema": lambda text: blocks({"type": "text", "text": "x"}, output_format={"type": "json_schema", "schema": {"description": text}}),
    "output config": lambda text: blocks({"type": "text", "text": "x"}, output_config={"format": {"type": "json_schema", "schema": {"enum": [text]}}}),
    "service tier": lambda text: blocks({"type": "text", "text": "x"}, service_tier=text),
    "context management": lambda text: blocks({"type": "text", "text": "x"}, context_management={"edits": [{"type": text}]}),
    "message's own field": lambda text: {"model": "m", "messages": [{"role": "user", "content": "x", "note": text}]},
    "unknown field": lambda text: blocks({"type": "text", "text": "x"}, novel=[{"a": [text]}]),
    "unknown block": lambda text: blocks({"type": "novel", "payload": {"deep": [text]}}),
    "compaction": lambda text: blocks({"type": "compaction", "content": text}, role="assistant"),
}  # fmt: skip

CASES = [
    *(("gemini_generate", name, place) for name, place in GEMINI.items()),
    *(("gemini_count_tokens", name, place) for name, place in GEMINI.items()),
    *(("gemini_embed", name, place) for name, place in EMBEDDED.items()),
    *(("anthropic_messages", name, place) for name, place in ANTHROPIC.items()),
    *(("anthropic_count_tokens", name, place) for name, place in ANTHROPIC.items()),
]


def test_the_corpus_is_as_large_as_it_is_said_to_be():
    assert len(CASES) >= 150


@pytest.mark.parametrize(
    ("protocol", "place"), [case[::2] for case in CASES], ids=["-".join(case[:2]) for case in CASES]
)
@pytest.mark.parametrize("value", SENTENCES, ids=IDS)
def test_no_value_leaves_from_any_place(protocol, place, value, engine, policy):
    body = corpus.forwarded(protocol, place(SENTENCES[value]), engine, policy)
    corpus.assert_absent(body, value)
    assert base64.b64encode(SENTENCES[value].encode()) not in body


def test_inner_requests_are_read_like_outer_ones(engine, policy):
    for name, place in GEMINI.items():
        for value in SENTENCES:
            inner = {"generateContentRequest": place(SENTENCES[value])}
            corpus.assert_absent(corpus.forwarded("gemini_count_tokens", inner, engine, policy), value), name


@pytest.mark.parametrize(
    "place",
    ["text", "system", "arguments", "response", "declaration", "code", "stop sequences", "labels", "JSON in a text"],
)
@pytest.mark.parametrize("value", [corpus.MAIL, corpus.CARD, corpus.NAME], ids=["mail", "card", "name"])
def test_personal_data_is_redacted_and_the_call_goes_on(place, value, engine, policy):
    body = corpus.forwarded("gemini_generate", GEMINI[place](SENTENCES[value]), engine, policy)
    assert "⟦" in json.dumps(json.loads(body), ensure_ascii=False)


def test_ordinary_calls_pass_as_they_are(engine, policy):
    call = {
        "functionCall": {"name": "f", "id": "a1b2c3d4", "args": {"path": "C:\\new\\table"}},
        "thoughtSignature": SIGNATURE,
    }
    schema = {
        "type": "OBJECT",
        "properties": {"path": {"type": "STRING", "description": "A path"}},
        "required": ["path"],
    }
    tree = {
        "contents": [HI, {"role": "model", "parts": [call]}, {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"ok": True}}}]}],
        "systemInstruction": {"role": "user", "parts": [{"text": "Answer in one sentence."}]},
        "tools": [{"functionDeclarations": [{"name": "f", "description": "Opens a file", "parameters": schema}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}},
        "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        "generationConfig": {"temperature": 0.7, "responseMimeType": "text/plain", "thinkingConfig": {"includeThoughts": True, "thinkingBudget": 1024}},
    }  # fmt: skip
    body = json.dumps(tree, ensure_ascii=False).encode()
    assert corpus.forwarded("gemini_generate", tree, engine, policy) == body
