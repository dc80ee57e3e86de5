"""One transcript for each protocol, decision and kind of answer, byte for byte, under `golden/`.

`LEXGATE_GOLDEN=write` writes them anew; the diff is then for a person to read.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from gateway.errors import Denied
from gateway.flow import Finding, Span
from gateway.protocols.family import form_of
from gateway.protocols.registry import DECODERS, upstream_body
from gateway.redaction.placeholder import PlaceholderKey
from gateway.redaction.redact import redact
from gateway.redaction.stream import AnswerStream
from tests.providers import answers, audio, pictures, responses, texts
from tests.providers.behaviour import parse

GOLDEN = Path(__file__).with_name("golden")
KEY = PlaceholderKey(b"k" * 32, "acme", "crm/li.wei")
VALUES = {"李伟": "PERSON", "Anna Müller": "PERSON", "13800138000": "PHONE", "sk-live-9aJQ2ZxkT4": "API_KEY"}
OPERATORS = {"PERSON": "placeholder", "PHONE": "placeholder", "API_KEY": "placeholder"}
DENIED = Denied(
    "personal data may not leave for this destination",
    rule="cn.pipl.export",
    citation="PIPL Art. 38",
    remedy="redact it, or use a provider in CN",
)
SIGNATURE = base64.b64encode(bytes(range(200))).decode()
TEXT = "Write to 李伟 (13800138000) and Anna Müller, key sk-live-9aJQ2ZxkT4."


def request_body(protocol: str, *, stream: bool) -> bytes:
    content = json.dumps({"to": "Anna M\u00fcller", "phone": 13800138000})
    if protocol.startswith("gemini"):
        return gemini_request(protocol, json.loads(content))
    if protocol == "openai_chat":
        call = {"id": "call_abcdefgh", "type": "function", "function": {"name": "save", "arguments": content}}
        messages = [
            {"role": "user", "content": TEXT},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_abcdefgh", "content": "saved"},
        ]
        tree = {"model": "m", "messages": messages, "temperature": 0.70}
    elif protocol == "openai_speech":
        return json.dumps(
            {"model": "echo", "voice": "alloy", "input": TEXT, "instructions": "Like Anna Müller."}
        ).encode()
    elif protocol == "openai_image_generations":
        tree = {"model": "echo", "prompt": TEXT, "size": "1024x1024", "user": "Anna Müller"}
    elif protocol == "openai_videos":
        fields = {"model": "echo", "prompt": TEXT, "seconds": "4"}
        parts = [f'form-data; name="{name}"\r\n\r\n{text}' for name, text in fields.items()]
        written_ = "".join(f"--b0undary\r\nContent-Disposition: {part}\r\n" for part in parts)
        return f"{written_}--b0undary--\r\n".encode()
    elif protocol in {"openai_image_edits", "openai_image_variations"}:
        fields = {"model": "echo", "prompt": TEXT} | ({"stream": "true"} if stream else {})
        parts = [f'form-data; name="{name}"\r\n\r\n{text}' for name, text in fields.items()]
        parts.append('form-data; name="image"; filename="fox.png"\r\nContent-Type: image/png\r\n\r\npixels')
        written_ = "".join(f"--b0undary\r\nContent-Disposition: {part}\r\n" for part in parts)
        return f"{written_}--b0undary--\r\n".encode()
    elif protocol in {"openai_transcriptions", "openai_translations"}:
        fields = {"model": "echo/size-12", "prompt": TEXT} | ({"stream": "true"} if stream else {})
        parts = [f'form-data; name="{name}"\r\n\r\n{text}' for name, text in fields.items()]
        parts.append('form-data; name="file"; filename="call.wav"\r\nContent-Type: audio/wav\r\n\r\nRIFF and goodbye.')
        written_ = "".join(f"--b0undary\r\nContent-Disposition: {part}\r\n" for part in parts)
        return f"{written_}--b0undary--\r\n".encode()
    elif protocol == "openai_completions":
        tree = {"model": "echo/size-12", "prompt": TEXT, "max_tokens": 64}
    elif protocol in {"openai_embeddings", "openai_moderations"}:
        tree = {"model": "echo", "input": [TEXT, "Serve Anna M\u00fcller."]}
    elif protocol in {"openai_responses", "openai_responses_compact", "openai_input_tokens"}:
        call = {"type": "function_call", "call_id": "call_abcdefgh", "name": "save", "arguments": content}
        items = [
            {"role": "user", "content": TEXT},
            call,
            {"type": "function_call_output", "call_id": "call_abcdefgh", "output": "saved"},
        ]
        tools = [{"type": "function", "name": "save", "parameters": {"type": "object"}}]
        tree = {"model": "both/size-12", "instructions": "Serve Anna M\u00fcller.", "input": items, "tools": tools}
    else:
        call = {"type": "tool_use", "id": "toolu_abcdefgh", "name": "save", "input": json.loads(content)}
        result = {"type": "tool_result", "tool_use_id": "toolu_abcdefgh", "content": "saved"}
        messages = [
            {"role": "user", "content": [{"type": "text", "text": TEXT}]},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ]
        tree = {"model": "m", "max_tokens": 64, "system": "Be brief.", "messages": messages}
    return json.dumps(tree | ({"stream": True} if stream else {}), ensure_ascii=False).encode()


def gemini_request(protocol: str, content: dict) -> bytes:
    user = {"role": "user", "parts": [{"text": TEXT}]}
    if protocol == "gemini_embed":
        return json.dumps({"content": user, "taskType": "RETRIEVAL_QUERY"}, ensure_ascii=False).encode()
    contents = [
        user,
        {
            "role": "model",
            "parts": [{"functionCall": {"name": "save", "args": content}, "thoughtSignature": SIGNATURE}],
        },
        {"role": "user", "parts": [{"functionResponse": {"name": "save", "response": {"result": "saved"}}}]},
    ]
    system = {"parts": [{"text": "Be brief."}]}
    tree = {"contents": contents, "systemInstruction": system, "generationConfig": {"temperature": 0.70}}
    return json.dumps(tree, ensure_ascii=False).encode()


def gemini_answer(protocol: str, forwarded: bytes, form: str) -> bytes:
    """A provider that repeats the first text and saves it; `form`: whole, stream or array."""
    if protocol == "gemini_count_tokens":
        return b'{\n  "totalTokens": 31\n}\n'
    if protocol == "gemini_embed":
        return b'{\n  "embedding": {"values": [0.0130, -2e-3]}\n}\n'
    text = json.loads(forwarded)["contents"][0]["parts"][0]["text"]
    half = text.index("⟦") + 5 if "⟦" in text else 12
    call = {"functionCall": {"name": "save", "args": {"note": text}}, "thoughtSignature": SIGNATURE}
    usage = {"promptTokenCount": 31, "candidatesTokenCount": 17, "totalTokenCount": 48}

    def chunk(parts: list, **more) -> dict:
        candidate = {"content": {"parts": parts, "role": "model"}, "index": 0} | more
        return {"candidates": [candidate], "modelVersion": "m", "responseId": "r1"} | (
            {"usageMetadata": usage} if more else {}
        )

    if form == "whole":
        return json.dumps(chunk([{"text": text}, call], finishReason="STOP"), indent=1, ensure_ascii=False).encode()
    chunks = [
        chunk([{"text": text[:half]}]),
        chunk([{"text": text[half:]}]),
        chunk([call]),
        chunk([{"text": ""}], finishReason="STOP"),
    ]
    texts = [json.dumps(one, ensure_ascii=False).encode() for one in chunks]
    return (
        b"[" + b",\r\n".join(texts) + b"\n]"
        if form == "array"
        else b"".join(b"data: " + one + b"\r\n\r\n" for one in texts)
    )


def picture_answer(protocol: str, forwarded: bytes, *, stream: bool) -> bytes:
    """A provider whose pictures are a few bytes, with the prompt revised to itself."""
    picture = base64.b64encode(bytes(range(48))).decode()
    if stream:
        what = "image_edit" if protocol.endswith("edits") else "image_generation"
        events = [
            {"type": f"{what}.partial_image", "b64_json": picture[:32], "partial_image_index": 0},
            {"type": f"{what}.completed", "b64_json": picture, "usage": pictures.USAGE},
        ]
        return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()
    if protocol == "openai_image_generations":
        prompt = json.loads(forwarded)["prompt"]
    else:
        prompt = audio.form_of("multipart/form-data; boundary=b0undary", forwarded)["prompt"].decode()
    rows = [
        {"b64_json": picture, "revised_prompt": f"A picture. {prompt}"},
        {"url": "https://pictures.example/fox.png"},
    ]
    return json.dumps({"created": 1, "data": rows, "usage": pictures.USAGE}, ensure_ascii=False).encode()


def answer_body(protocol: str, forwarded: bytes, *, stream: bool) -> bytes:
    """A provider that repeats the first message and saves it."""
    if protocol == "openai_speech":
        return b"RIFF, and what was said"
    if protocol == "openai_videos":
        form = audio.form_of("multipart/form-data; boundary=b0undary", forwarded)
        return json.dumps(pictures.job(1, {"prompt": form["prompt"].decode()}, 0), ensure_ascii=False).encode()
    if protocol.startswith("openai_image_"):
        return picture_answer(protocol, forwarded, stream=stream)
    if protocol in {"openai_transcriptions", "openai_translations"}:
        text = audio.heard(audio.form_of("multipart/form-data; boundary=b0undary", forwarded))
        if not stream:
            return json.dumps(audio.transcript({}, text)[0]).encode()
        return "".join(f"data: {json.dumps(one)}\n\n" for _, one in audio.events(text, parse("echo/size-12"))).encode()
    if protocol in {"openai_embeddings", "openai_moderations"}:
        numbers = texts.embeddings if protocol == "openai_embeddings" else texts.moderation
        return json.dumps(numbers(json.loads(forwarded))).encode()
    if protocol == "openai_completions":
        return completion_answer(forwarded, stream=stream)
    if protocol == "openai_input_tokens":
        return b'{"object": "response.input_tokens", "input_tokens": 31}'
    if protocol == "openai_responses_compact":
        return json.dumps(responses.compacted(json.loads(forwarded)), ensure_ascii=False).encode()
    if protocol == "openai_responses":
        return response_answer(forwarded, stream=stream)
    if protocol == "anthropic_count_tokens":
        return b'{"input_tokens": 31}'
    content = json.loads(forwarded)["messages"][0]["content"]
    text = content if isinstance(content, str) else content[0]["text"]
    return chat_answer(text, stream=stream) if protocol == "openai_chat" else message_answer(text, stream=stream)


def completion_answer(forwarded: bytes, *, stream: bool) -> bytes:
    """A legacy completion."""
    request = json.loads(forwarded)
    said = answers.answer(texts.as_chat(request), forwarded, parse(request["model"]))
    data = [one if isinstance(one, str) else json.dumps(one) for _, one in texts.completion_events(said, request)]
    streamed = "".join(f"data: {one}\n\n" for one in data).encode()
    return streamed if stream else json.dumps(texts.completion(said, request)).encode()


def response_answer(forwarded: bytes, *, stream: bool) -> bytes:
    """A response of OpenAI's."""
    request = json.loads(forwarded)
    said = answers.answer(request, forwarded, parse(request["model"]))
    events = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in responses.events(said, request))
    return events.encode() if stream else json.dumps(responses.body(said, request)).encode()


def half_of(text: str) -> int:
    """Where a stream cuts it: in a placeholder, if there is one."""
    return text.index("⟦") + 5 if "⟦" in text else 12


def chat_answer(text: str, *, stream: bool) -> bytes:
    """A chat completion that says this and saves it."""
    half, arguments = half_of(text), json.dumps({"note": text})
    usage = {"prompt_tokens": 31, "completion_tokens": 17, "total_tokens": 48}
    call = {
        "index": 0,
        "id": "call_ijklmnop",
        "type": "function",
        "function": {"name": "save", "arguments": arguments},
    }
    if not stream:
        message = {"role": "assistant", "content": text, "tool_calls": [call]}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "tool_calls"}
        return json.dumps(
            {"id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage}
        ).encode()
    deltas = [
        {"role": "assistant", "content": ""},
        {"content": text[:half]},
        {"content": text[half:]},
        {"tool_calls": [call]},
        {},
    ]
    chunks = [
        {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": None if delta else "tool_calls"}],
            "usage": None,
        }
        for delta in deltas
    ]
    chunks.append(chunks[0] | {"choices": [], "usage": usage})
    return (
        b"".join(b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n" for chunk in chunks)
        + b"data: [DONE]\n\n"
    )


def message_answer(text: str, *, stream: bool) -> bytes:
    """A message of Anthropic's that says this and saves it."""
    half, arguments = half_of(text), json.dumps({"note": text})
    blocks = [
        {"type": "text", "text": text},
        {"type": "tool_use", "id": "toolu_ijklmnop", "name": "save", "input": {"note": text}},
    ]
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": blocks,
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 31, "output_tokens": 17},
    }
    if not stream:
        return json.dumps(message).encode()
    events = [
        {"type": "message_start", "message": message | {"content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text[:half]}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text[half:]}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": blocks[1] | {"input": {}}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": arguments}},
        {"type": "content_block_stop", "index": 1},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": None},
            "usage": {"output_tokens": 17},
        },
        {"type": "message_stop"},
    ]
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


def transcript(protocol: str, decision: str, form: str) -> str:
    stream = form != "whole"
    received = request_body(protocol, stream=stream)
    request = DECODERS[protocol](received)
    family = form_of(request.family, protocol, "array" if form == "array" else "sse")
    sections = {"received": received}
    if decision == "block":
        sections["delivered"] = family.error_body(DENIED, "0199-flow")
        sections["delivered, once a stream has begun"] = family.error_event(DENIED, "0199-flow", 7) if stream else b""
        return written(sections)
    findings = [
        Finding(part.path, part.kind, Span(at, at + len(value), label, 1.0, "golden"), value)
        for part in request.parts()
        for value, label in VALUES.items()
        if (at := part.text.find(value)) >= 0
    ]
    redacted = redact(request, findings, OPERATORS if decision == "redact" else {}, KEY)
    forwarded = upstream_body(request, redacted.body)
    gemini = protocol.startswith("gemini")
    provider = gemini_answer(protocol, forwarded, form) if gemini else answer_body(protocol, forwarded, stream=stream)
    answer = AnswerStream(
        request.family, streaming=stream, placeholders=redacted.placeholders, hide_usage=not request.wants_usage,
        framing="array" if form == "array" else "sse", protocol=protocol,
    )  # fmt: skip
    out = answer.feed(provider)
    finished = answer.finish()
    assert finished.report.complete
    sections |= {
        "forwarded": forwarded,
        "provider": provider,
        "delivered": out,
        "delivered after the record": finished.body,
    }
    return written(sections)


def written(sections: dict[str, bytes]) -> str:
    return "".join(f"=== {name}\n{data.decode().rstrip()}\n" for name, data in sections.items() if data)


FORMS = {
    "anthropic_count_tokens": ("whole",),
    "gemini_count_tokens": ("whole",),
    "gemini_embed": ("whole",),
    "gemini_generate": ("whole", "stream", "array"),
    "openai_embeddings": ("whole",),
    "openai_input_tokens": ("whole",),
    "openai_moderations": ("whole",),
    "openai_image_variations": ("whole",),
    "openai_responses_compact": ("whole",),
    "openai_speech": ("whole",),
    "openai_video_content": (),  # these have no body, and answer as a job or with a file
    "openai_video_deletion": (),
    "openai_video_picture": (),
    "openai_video_status": (),
    "openai_videos": ("whole",),
    "openai_translations": ("whole",),
}
CASES = [
    (protocol, decision, form)
    for protocol in DECODERS
    for decision in ("allow", "redact", "block")
    for form in FORMS.get(protocol, ("whole", "stream"))
]


@pytest.mark.parametrize(("protocol", "decision", "form"), CASES)
def test_transcript(protocol, decision, form):
    path = GOLDEN / f"{protocol}.{decision}.{form}.txt"
    now = transcript(protocol, decision, form)
    if os.environ.get("LEXGATE_GOLDEN") == "write":
        path.write_bytes(now.encode())
    assert now == path.read_bytes().decode()
