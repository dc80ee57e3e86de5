"""What the canned provider draws and says: pictures, recordings, and links to them.

Words of a model's name, besides those of behaviour.py:
    jpeg, webp, gif    another format than PNG                  broken      Base64 that is none
    bomb               a small file of 60,000 by 60,000 pixels   odd         bytes of no known type
    big                a picture of 2 MiB and more              link:B64    this very link (URL-safe Base64) as an answer
    rows-N             N pictures                               drafts-N    so many drafts before a streamed picture
    wrong              an error before the picture, or beside it
"""

from __future__ import annotations

import base64
import hashlib
import io
import math
import re
import struct
import wave
import zlib
from collections.abc import Iterator
from typing import Any

from PIL import Image

Json = dict[str, Any]
USAGE = {"input_tokens": 11, "output_tokens": 272, "total_tokens": 283, "input_tokens_details": {"text_tokens": 11, "image_tokens": 0}}  # fmt: skip
WRONG = {"message": "canned error", "type": "server_error", "code": None, "param": None}
_FORMATS = ("jpeg", "webp", "gif")


def words_of(model: str) -> set[str]:
    return set(re.split("[,/]", model))


def picture(prompt: str, model: str, draft: int = 0) -> bytes:
    """A picture that depends on prompt and model alone."""
    words = words_of(model)
    if "odd" in words:
        return b"\x00\x01\x02 these bytes are of no known type" * 8
    if "bomb" in words:
        return _bomb()
    kind = next((word for word in _FORMATS if word in words), "png")
    seed = hashlib.sha256(f"{prompt}/{draft}".encode()).digest()
    if "big" in words:
        image = Image.frombytes("RGB", (900, 900), (hashlib.shake_256(seed).digest(900 * 900 * 3)))
    else:
        image = Image.linear_gradient("L").resize((256, 192)).convert("RGB")
        image.paste(tuple(seed[:3]), (40, 40, 120, 120))  # type: ignore[arg-type]
        image.paste(tuple(seed[3:6]), (140, 60, 220, 150))  # type: ignore[arg-type]
    out = io.BytesIO()
    image.save(out, kind.upper())
    return out.getvalue()


def _bomb() -> bytes:
    """A PNG whose few bytes say that they are 60,000 by 60,000 pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def encoded(prompt: str, model: str, draft: int = 0) -> str:
    if "broken" in words_of(model):
        return "this is ! no Base64 ?"
    return base64.b64encode(picture(prompt, model, draft)).decode()


def rows(prompt: str, model: str, wanted: str, url: str) -> list[Json]:
    """`data` of an answer: Base64, or links (`wanted` url)."""
    words = words_of(model)
    count = next((int(word[5:]) for word in words if re.fullmatch(r"rows-\d+", word)), 1)
    link = next((word[5:] for word in words if word.startswith("link:")), "")
    made: list[Json] = []
    for number in range(count):
        if link:
            made.append({"url": base64.urlsafe_b64decode(link + "=" * (-len(link) % 4)).decode()})
        elif wanted == "url":
            name = base64.urlsafe_b64encode(f"{prompt}|{model}|{number}".encode()).decode()
            made.append({"url": f"{url}/canned/files/{name}", "revised_prompt": f"A picture: {prompt}"})
        else:
            made.append({"b64_json": encoded(prompt, model, number), "revised_prompt": f"A picture: {prompt}"})
    return made


def file_of(name: str) -> bytes:
    """The picture behind a link of `rows`."""
    prompt, model, number = base64.urlsafe_b64decode(name).decode().split("|")
    return picture(prompt, model, int(number))


def answer(prompt: str, model: str, wanted: str, url: str) -> Json:
    wrong = {"error": WRONG} if "wrong" in words_of(model) else {}
    return {"created": 1_790_000_000, "data": rows(prompt, model, wanted, url), "usage": USAGE, **wrong}


def events(prompt: str, model: str, what: str) -> Iterator[tuple[str, Json]]:
    """A streamed picture; `what`: image_generation or image_edit."""
    drafts = next((int(word[7:]) for word in words_of(model) if re.fullmatch(r"drafts-\d+", word)), 1)
    common = {"created_at": 1_790_000_000, "size": "256x192", "quality": "low", "background": "auto", "output_format": "png"}  # fmt: skip
    if "wrong" in words_of(model):
        yield "", {"error": WRONG}
    for number in range(drafts):
        kind = f"{what}.partial_image"
        yield kind, {"type": kind, "b64_json": encoded(prompt, model, number + 1), "partial_image_index": number, **common}  # fmt: skip
    yield f"{what}.completed", {"type": f"{what}.completed", "b64_json": encoded(prompt, model), "usage": USAGE, **common}  # fmt: skip


def speech(text: str, form: str) -> tuple[bytes, bytes]:
    """(recording, its media type): a tone for each word, as WAV, or bare samples (pcm)."""
    rate, samples = 16_000, bytearray()
    for word in text.split()[:40]:
        pitch = 200 + hashlib.sha256(word.encode()).digest()[0] * 2
        for at in range(rate // 5):
            samples += struct.pack("<h", int(9000 * math.sin(2 * math.pi * pitch * at / rate)))
    if form == "pcm":
        return bytes(samples), b"audio/pcm"
    if form == "opus":
        return b"OggS" + bytes(samples[:2000]), b"audio/ogg"
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(samples))
    return out.getvalue(), b"audio/wav"


# Pictures inside chat, Responses and Gemini answers: the model's name holds the word `picture`.

CAPTION = "Here it is."


def _said(request: Json) -> str:
    for message in reversed(request.get("messages") or request.get("contents") or []):
        content = message.get("content") or message.get("parts")
        return content if isinstance(content, str) else str(content[0].get("text", ""))
    return str(request.get("input", ""))


def _data_url(request: Json) -> str:
    return f"data:image/png;base64,{encoded(_said(request), request['model'])}"


def chat(request: Json) -> Json:
    image = {"type": "image_url", "index": 0, "image_url": {"url": _data_url(request)}}
    message = {"role": "assistant", "content": CAPTION, "images": [image]}
    usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
    return {
        "id": "chatcmpl-canned", "object": "chat.completion", "created": 1_790_000_000, "model": request["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage,
    }  # fmt: skip


def chat_events(request: Json) -> Iterator[tuple[str, Json | str]]:
    stamp = {"id": "chatcmpl-canned", "object": "chat.completion.chunk", "created": 1, "model": request["model"]}
    image = {"type": "image_url", "index": 0, "image_url": {"url": _data_url(request)}}
    for delta in ({"role": "assistant", "content": ""}, {"content": CAPTION}, {"images": [image]}):
        yield "", stamp | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield "", stamp | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    yield "", "[DONE]"


def _item(request: Json) -> Json:
    return {
        "id": "ig_canned", "type": "image_generation_call", "status": "completed", "output_format": "png",
        "result": encoded(_said(request), request["model"]),
    }  # fmt: skip


def response(request: Json) -> Json:
    text = {"type": "output_text", "text": CAPTION, "annotations": []}
    message = {"id": "msg_canned", "type": "message", "role": "assistant", "status": "completed", "content": [text]}
    return {
        "id": "resp_canned", "object": "response", "created_at": 1_790_000_000, "status": "completed",
        "model": request["model"], "output": [_item(request), message], "error": None, "incomplete_details": None,
        "instructions": None, "metadata": {}, "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto",
        "tools": [], "top_p": 1.0,
        "usage": {"input_tokens": 11, "output_tokens": 5, "total_tokens": 16, "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}},
    }  # fmt: skip


def response_events(request: Json) -> Iterator[tuple[str, Json]]:
    whole = response(request)
    item, draft = _item(request), encoded(_said(request), request["model"], 1)
    begun = whole | {"status": "in_progress", "output": [], "usage": None}
    place = {"item_id": item["id"], "output_index": 0}
    kind = "response.image_generation_call"
    rows: list[Json] = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": item | {"result": None, "status": "in_progress"}},
        {"type": f"{kind}.in_progress", **place},
        {"type": f"{kind}.partial_image", **place, "partial_image_index": 0, "partial_image_b64": draft},
        {"type": f"{kind}.completed", **place},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole | {"output": [item]}},
    ]  # fmt: skip
    for number, row in enumerate(rows):
        yield row["type"], row | {"sequence_number": number}


def gemini(request: Json) -> Json:
    picture_part = {"inlineData": {"mimeType": "image/png", "data": encoded(_said(request), request["model"])}}
    content = {"role": "model", "parts": [{"text": CAPTION}, picture_part]}
    usage = {"promptTokenCount": 11, "candidatesTokenCount": 5, "totalTokenCount": 16}
    return {
        "candidates": [{"content": content, "finishReason": "STOP", "index": 0}], "usageMetadata": usage,
        "modelVersion": request["model"], "responseId": "canned",
    }  # fmt: skip


def gemini_events(request: Json) -> Iterator[tuple[str, Json]]:
    whole = gemini(request)
    text, image = whole["candidates"][0]["content"]["parts"]
    for part in (text, image):
        yield "", whole | {"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]}
    yield "", whole | {"candidates": [{"content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": "STOP", "index": 0}]}  # fmt: skip


# Films: a job is queued, then in progress, then completed, one step each time it is asked for.

STATES = ("queued", "in_progress", "completed")


def job(number: int, fields: dict[str, str], asked: int) -> Json:
    state = STATES[min(asked, 2)]
    return {
        "id": f"video_canned{number:04d}", "object": "video", "created_at": 1_790_000_000, "status": state,
        "model": fields.get("model", "sora-2"), "prompt": fields["prompt"], "progress": min(asked, 2) * 50,
        "seconds": fields.get("seconds", "4"), "size": fields.get("size", "720x1280"), "error": None,
        "completed_at": 1_790_000_060 if state == "completed" else None, "expires_at": None,
        "remixed_from_video_id": None,
    }  # fmt: skip


AVI = b"RIFF" + struct.pack("<I", 260) + b"AVI LIST" + struct.pack("<I", 248) + b"hdrl" + bytes(244)
"""The beginning of a film of a type that can carry no label."""


def film(prompt: str) -> bytes:
    """Three seconds of MP4 that depend on the prompt alone."""
    import av
    import numpy as np

    seed, out = hashlib.sha256(prompt.encode()).digest(), io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 192, 128, "yuv420p"
        for number in range(36):
            frame = np.full((128, 192, 3), tuple(seed[:3]), np.uint8)
            frame[30:90, (number * 4) % 150 : (number * 4) % 150 + 40] = tuple(seed[3:6])
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return out.getvalue()
