"""Whatever stands at whatever place of a whole request: it is read, or refused as the caller's mistake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.errors import BadRequest
from gateway.protocols.registry import DECODERS

TEXT = "Call Maria"
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
DATA_URL = f"data:image/png;base64,{PICTURE}"
SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}}
REQUESTS: dict[str, dict[str, Any]] = {
    "openai_chat": {
        "model": "m", "max_tokens": 20, "stop": ["a"], "metadata": {"a": "b"}, "n": 1, "stream": True, "user": "u",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": TEXT}, {"type": "image_url", "image_url": {"url": DATA_URL}}, {"type": "file", "file": {"filename": "f", "file_data": DATA_URL}}, {"type": "input_audio", "input_audio": {"data": PICTURE, "format": "wav"}}]},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "t", "type": "function", "function": {"name": "save", "arguments": "{}"}}], "annotations": [{"type": "url_citation", "url_citation": {"url": "https://a.example", "title": "t"}}]},
            {"role": "tool", "tool_call_id": "t", "content": [{"type": "text", "text": TEXT}]},
        ],
        "tools": [{"type": "function", "function": {"name": "save", "parameters": SCHEMA}}, {"type": "custom", "custom": {"name": "c"}}],
        "tool_choice": {"type": "function", "function": {"name": "save"}}, "stream_options": {"include_usage": True},
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}},
        "prediction": {"type": "content", "content": TEXT}, "audio": {"voice": "x", "format": "wav"}, "modalities": ["text"],
        "web_search_options": {"user_location": {"type": "approximate", "approximate": {"city": "Berlin"}}},
    },
    "openai_responses": {
        "model": "m", "instructions": "x", "max_output_tokens": 20, "store": False, "stream": True, "include": ["x"],
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": TEXT}, {"type": "input_image", "image_url": DATA_URL}, {"type": "input_file", "filename": "f", "file_data": DATA_URL}]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": TEXT, "annotations": [{"type": "url_citation", "url": "https://a.example", "start_index": 0}]}]},
            {"type": "function_call", "call_id": "c", "name": "save", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": TEXT}]},
            {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "x"}], "encrypted_content": "abc"},
            {"type": "web_search_call", "action": {"type": "search", "query": "q", "sources": [{"type": "url", "url": "https://a.example"}]}},
            {"type": "tool_search_output", "tools": [{"type": "function", "name": "save"}]},
        ],
        "tools": [{"type": "function", "name": "save", "parameters": SCHEMA}, {"type": "mcp", "server_url": "https://a.example"}, {"type": "custom", "name": "p", "format": {"type": "text"}}, {"type": "shell", "environment": {"type": "local"}}],
        "text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}}, "reasoning": {"effort": "low"},
    },
    "openai_completions": {"model": "m", "prompt": [TEXT, "b"], "suffix": "x", "max_tokens": 5, "stream": True, "stop": ["a"], "tools": [{"type": "function"}], "messages": [{"role": "user", "content": TEXT}]},
    "openai_embeddings": {"model": "m", "input": [TEXT, "b"], "dimensions": 3, "encoding_format": "float"},
    "openai_moderations": {"model": "m", "input": [{"type": "text", "text": TEXT}, {"type": "image_url", "image_url": {"url": DATA_URL}}]},
    "openai_image_generations": {"model": "m", "prompt": TEXT, "n": 1, "size": "256x256", "response_format": "b64_json", "stream": False, "partial_images": 0},
    "openai_image_edits": {"model": "m", "prompt": TEXT, "images": [{"image_url": DATA_URL}], "mask": {"image_url": DATA_URL}},
    "openai_speech": {"model": "m", "input": TEXT, "voice": "alloy", "response_format": "mp3", "instructions": "x", "stream_format": "audio", "speed": 1.0},
    "anthropic_messages": {
        "model": "m", "max_tokens": 30, "system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": TEXT}, {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": TEXT}, "title": "t", "citations": {"enabled": True}}, {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": TEXT}]}}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}}, {"type": "search_result", "source": "https://a.example", "title": "t", "content": [{"type": "text", "text": TEXT}]}]},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "x", "signature": "sig"}, {"type": "redacted_thinking", "data": "abc"}, {"type": "text", "text": TEXT, "citations": [{"type": "char_location", "cited_text": TEXT, "document_index": 0, "start_char_index": 0}]}, {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}}, {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"type": "web_search_result", "url": "https://a.example", "title": "t", "encrypted_content": "abc"}]}, {"type": "tool_use", "id": "t", "name": "save", "input": {"q": "x"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": TEXT}], "is_error": False}]},
        ],
        "tools": [{"name": "save", "description": "d", "input_schema": SCHEMA}, {"type": "web_search_20250305", "name": "web_search"}],
        "tool_choice": {"type": "auto"}, "thinking": {"type": "enabled", "budget_tokens": 1024}, "metadata": {"user_id": "u"},
        "stop_sequences": ["x"], "stream": True, "mcp_servers": [{"type": "url", "url": "https://a.example", "name": "n"}],
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}, "context_management": {"edits": [{"type": "x"}]},
    },
    "gemini_generate": {
        "contents": [
            {"role": "user", "parts": [{"text": TEXT}, {"inlineData": {"mimeType": "image/png", "data": PICTURE}}, {"fileData": {"fileUri": "https://a.example", "mimeType": "x"}}]},
            {"role": "model", "parts": [{"functionCall": {"name": "save", "args": {"q": TEXT}}, "thoughtSignature": "AAAA"}, {"text": "x", "thought": True}, {"executableCode": {"language": "PYTHON", "code": "x"}}, {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "x"}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "save", "response": {"r": TEXT}}}]},
        ],
        "systemInstruction": {"parts": [{"text": "x"}]}, "labels": {"a": "b"}, "cachedContent": "cachedContents/x",
        "tools": [{"functionDeclarations": [{"name": "save", "parameters": {"type": "OBJECT"}}]}, {"googleSearch": {}}],
        "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}}, "safetySettings": [{"category": "c", "threshold": "t"}],
        "generationConfig": {"maxOutputTokens": 20, "responseMimeType": "application/json", "responseSchema": {"type": "OBJECT"}, "stopSequences": ["x"], "candidateCount": 1, "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "v"}}}},
    },
}  # fmt: skip
ALSO = {
    "openai_responses": ("openai_responses_compact", "openai_input_tokens"),
    "anthropic_messages": ("anthropic_count_tokens",),
    "gemini_generate": ("gemini_count_tokens", "gemini_embed"),
}
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, "", "x", "\x00", [], {}, [[]], [{}], [None], ["x"], {"": ""}, {"type": []},
    {"type": {"a": 1}}, {"type": "text"}, {"text": None}, {"role": 1}, "data:image/png;base64,####", "https://",
)  # fmt: skip


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key, inner in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from places(inner, (*path, key))


def with_odd_values(value: Any, odd_ones: tuple[Any, ...] = ODD) -> Iterator[Any]:
    """The value with each of the odd ones at each of its places, the rest as it was; and with nothing at all there."""
    text = json.dumps(value)
    for path in places(value):
        for odd in (*odd_ones, ...):
            holder = tree = json.loads(text)
            for step in path[:-1]:
                holder = holder[step]
            if odd is ...:
                del holder[path[-1]]
            else:
                holder[path[-1]] = odd
            yield tree


@pytest.mark.parametrize("form", REQUESTS)
def test_any_value_at_any_place_is_read_or_refused(form: str) -> None:
    for protocol in (form, *ALSO.get(form, ())):
        for tree in with_odd_values(REQUESTS[form]):
            try:
                request = DECODERS[protocol](json.dumps(tree).encode(), labels=(" [AI]",))
            except BadRequest:
                continue
            request.parts()
            request.sealed()
