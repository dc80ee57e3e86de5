"""The canned provider: a real HTTP server that echoes, and fails in every way a provider can.

Run `python tests/providers/canned.py --port 0 [--record FILE] [--tls CERT.pem]`; it prints one JSON line {"url": …} when
it listens. In a test: `async with CannedProvider() as provider:`, then `provider.url` and `provider.requests`.
Speaks OpenAI /v1/chat/completions, /v1/responses, /v1/completions, /v1/embeddings, /v1/moderations, the audio endpoints
and /v1/models, Anthropic /v1/messages and /v1/messages/count_tokens, Gemini /v1beta/models/MODEL:generateContent,
:streamGenerateContent, :countTokens and the embedding methods. How it answers is chosen by the model name (see
behaviour.py). GET /canned/requests lists what it received, newest last.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gzip
import json
import os
import re
import signal
import socket
import ssl
import struct
import sys
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import orjson

if __package__ in (None, ""):  # started as a program: make `tests.providers` importable
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.providers import answers, audio, pictures, responses, texts
from tests.providers.behaviour import Behaviour, parse

PATHS = frozenset(
    {
        "/v1/audio/speech",
        "/v1/audio/transcriptions",
        "/v1/audio/translations",
        "/v1/chat/completions",
        "/v1/responses",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/moderations",
        "/v1/images/generations",
        "/v1/images/edits",
        "/v1/images/variations",
    }
    | {"/v1/responses/compact", "/v1/responses/input_tokens", "/v1/messages", "/v1/messages/count_tokens"}
)


@dataclass(frozen=True, slots=True)
class Received:
    """One request exactly as it arrived. `time_us` is the wall clock when its last byte was read."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    time_us: int
    connection: int  # which accepted connection: shows reuse

    def header(self, name: str) -> str | None:
        """The first header of this name, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> Any:
        """The body as JSON. Raises ValueError. What orjson refuses (1e400, huge integers) the standard library reads."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return json.loads(self.body)

    def line(self) -> bytes:
        """As one line of the record file."""
        return orjson.dumps(
            {
                "time_us": self.time_us,
                "method": self.method,
                "path": self.path,
                "headers": self.headers,
                "body": base64.b64encode(self.body).decode(),
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )


class _Stop(Exception):
    """The behaviour ends the connection here; `hard` sends a TCP reset."""

    def __init__(self, *, hard: bool = False) -> None:
        self.hard = hard


@dataclass(slots=True)
class CannedProvider:
    """The server. `record` appends each request, fsynced, before anything is answered; `keep` bounds `requests`."""

    port: int = 0
    record: Path | None = None
    tls: ssl.SSLContext | None = None
    keep: int = 100_000
    url: str = ""
    requests: deque[Received] = field(default_factory=deque)
    kept: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # conversations by the id of their response
    jobs: list[list[Any]] = field(default_factory=list)  # fields of a job, and how often it was asked for
    connections: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _file: int = -1

    async def __aenter__(self) -> Self:
        self.requests = deque(maxlen=self.keep)
        if self.record is not None:
            self._file = os.open(self.record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=self.tls, limit=1 << 20, backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._file >= 0:
            os.close(self._file)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        self.connections += 1
        connection = self.connections
        try:
            async for received in _received(reader, connection):
                self._remember(received)
                await self._answer(received, writer)
        except _Stop as stop:
            if stop.hard:
                raw: socket.socket = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            pass  # the caller went away or spoke no HTTP: nothing to answer, and the test sees it from its own side
        finally:
            if task is not None:
                self._tasks.discard(task)
            writer.close()

    def _remember(self, received: Received) -> None:
        if received.path.startswith("/canned/") and not received.path.startswith("/canned/files/"):
            return
        self.requests.append(received)
        if self._file >= 0:
            os.write(self._file, received.line())
            os.fsync(self._file)

    async def _answer(self, received: Received, writer: asyncio.StreamWriter) -> None:
        path, _, query = received.path.partition("?")
        gemini = GEMINI.fullmatch(path)
        anthropic = path.startswith("/v1/messages") or received.header("anthropic-version") is not None
        family = "gemini" if gemini else "anthropic" if anthropic else "openai"
        if path.startswith("/canned/files/"):
            return await _file(writer, path.removeprefix("/canned/files/"))
        if path == "/canned/requests":
            return await _whole(writer, 200, orjson.dumps([orjson.loads(one.line()) for one in self.requests]))
        if path == "/v1/models" and received.method == "GET":
            return await _whole(writer, 200, orjson.dumps(_models(anthropic)))
        if not gemini and path not in PATHS and not path.startswith("/v1/videos"):
            return await _whole(writer, 404, orjson.dumps(answers.error_body(family, 404, "canned: no such path")))
        if path in {"/v1/audio/transcriptions", "/v1/audio/translations"}:
            return await _transcribe(writer, received)
        if path.startswith("/v1/videos"):
            return await self._film(writer, received, path, query)
        if path.startswith("/v1/images/"):
            return await _draw(writer, received, self.url)
        try:
            request = received.json()
            if gemini:
                request["model"] = gemini[1]
            behaviour = parse(str(request.get("model", "") if path == "/v1/moderations" else request["model"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            wrong = answers.error_body(family, 400, "canned: not a request with a model")
            return await _whole(writer, 400, orjson.dumps(wrong))
        await _fail_first(writer, behaviour)
        if path == "/v1/audio/speech" and behaviour.status == 200:
            recording, kind = pictures.speech(request["input"], request.get("response_format", "wav"))
            return await _whole_answer(writer, behaviour, recording, kind)
        if behaviour.status != 200:
            wrong = answers.error_body(family, behaviour.status, f"canned {behaviour.status}")
            return await _whole(writer, behaviour.status, orjson.dumps(wrong), [b"retry-after: 7"])
        if "picture" in pictures.words_of(str(request.get("model", ""))):
            return await _with_picture(writer, behaviour, received.path, request)
        if path.endswith("count_tokens"):
            count = answers.count_input(request) + behaviour.lie_input
            return await _whole(writer, 200, orjson.dumps({"input_tokens": count}))
        if gemini and gemini[2] not in ("generateContent", "streamGenerateContent"):
            return await _whole(writer, 200, orjson.dumps(_gemini_method(gemini[2], request, behaviour)))
        if path in {"/v1/embeddings", "/v1/moderations"}:
            numbers = texts.embeddings if path == "/v1/embeddings" else texts.moderation
            return await _whole_answer(writer, behaviour, orjson.dumps(numbers(request)))
        if path == "/v1/completions":
            said = answers.answer(texts.as_chat(request), received.body, behaviour)
            if request.get("stream") is True:
                failure = ("", answers.error_body("openai", 529, "canned error"))
                return await _stream(writer, behaviour, failure, list(texts.completion_events(said, request)))
            return await _whole_answer(writer, behaviour, orjson.dumps(texts.completion(said, request)))
        if path == "/v1/responses/input_tokens":
            counted = {"object": "response.input_tokens", "input_tokens": answers.count_input(request)}
            return await _whole_answer(writer, behaviour, orjson.dumps(counted))
        if path == "/v1/responses/compact":
            return await _whole_answer(writer, behaviour, orjson.dumps(responses.compacted(request)))
        if path == "/v1/responses":
            continued = responses.conversation(request, self.kept)
            if continued is None:
                return await _whole(
                    writer, 400, orjson.dumps(answers.error_body("openai", 400, "canned: no such response"))
                )
            request = continued
        said = answers.answer(request, received.body, behaviour)
        if path == "/v1/responses":
            if request.get("store") is not False:
                answered = responses.body(said, request)
                self.kept[answered["id"]] = [*request["input"], *answered["output"]]
            if request.get("stream") is True:
                failure = responses.error("canned error")
                return await _stream(writer, behaviour, failure, list(responses.events(said, request)))
            return await _whole_answer(writer, behaviour, orjson.dumps(responses.body(said, request)))
        if request.get("stream") is True or (gemini and gemini[2] == "streamGenerateContent"):
            events = getattr(answers, f"{family}_events")
            failure = ("error" if family == "anthropic" else "", answers.error_body(family, 529, "canned error"))
            array = bool(gemini) and "alt=sse" not in query
            return await _stream(writer, behaviour, failure, list(events(said, request)), array=array)
        body = getattr(answers, f"{family}_body")
        return await _whole_answer(writer, behaviour, orjson.dumps(body(said, request)))

    async def _film(self, writer: asyncio.StreamWriter, received: Received, path: str, query: str) -> None:
        """Jobs: made, asked for, fetched, deleted."""
        if received.method == "POST":
            form = audio.form_of(received.header("content-type") or "", received.body)
            fields = {key: value.decode() for key, value in form.items() if key != "input_reference"}
            self.jobs.append([fields, 0])
            return await _whole(writer, 200, orjson.dumps(pictures.job(len(self.jobs), fields, 0)))
        number = int(path.split("/")[3].removeprefix("video_canned"))
        fields, asked = self.jobs[number - 1]
        if received.method == "DELETE":
            gone = {"id": f"video_canned{number:04d}", "object": "video.deleted", "deleted": True}
            return await _whole(writer, 200, orjson.dumps(gone))
        if not path.endswith("/content"):
            self.jobs[number - 1][1] = asked + 1
            return await _whole(writer, 200, orjson.dumps(pictures.job(number, fields, asked + 1)))
        if "variant=thumbnail" in query:
            return await _whole_answer(writer, parse("echo"), pictures.picture(fields["prompt"], "webp"), b"image/webp")
        if "unready" in pictures.words_of(fields.get("model", "")):
            return await _whole(writer, 404, orjson.dumps(answers.error_body("openai", 404, "canned: not made yet")))
        if "avi" in pictures.words_of(fields.get("model", "")):
            return await _whole_answer(writer, parse("echo"), pictures.AVI, b"video/x-msvideo")
        return await _whole_answer(writer, parse("echo"), pictures.film(fields["prompt"]), b"video/mp4")


GEMINI = re.compile(r"/v1(?:beta|alpha)?/models/(.+):([A-Za-z]+)")


def _gemini_method(method: str, request: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    """Answers that are no content: a count of tokens, or one small vector for each text."""
    if method == "countTokens":
        return {"totalTokens": answers.count_input(request) + behaviour.lie_input}
    vector = {"values": [0.25, -0.5, 0.125]}
    return {"embeddings": [vector] * len(request["requests"])} if "requests" in request else {"embedding": vector}


async def _transcribe(writer: asyncio.StreamWriter, received: Received) -> None:
    """Says what a recording says."""
    fields = audio.form_of(received.header("content-type") or "", received.body)
    behaviour = parse(fields["model"].decode())
    await _fail_first(writer, behaviour)
    text = audio.heard(fields)
    if fields.get("stream") == b"true":
        failure = ("", answers.error_body("openai", 529, "canned error"))
        return await _stream(writer, behaviour, failure, list(audio.events(text, behaviour)))
    answer, media_type = audio.transcript(fields, text)
    body = answer if isinstance(answer, bytes) else orjson.dumps(answer)
    return await _whole_answer(writer, behaviour, body, media_type)


async def _draw(writer: asyncio.StreamWriter, received: Received, url: str) -> None:
    """Draws a picture; an edit's is drawn from its prompt alone."""
    if (received.header("content-type") or "").startswith("application/json"):
        request = received.json()
    else:
        form = audio.form_of(received.header("content-type") or "", received.body)
        request = {key: value.decode() for key, value in form.items() if key not in {"image", "image[]", "mask"}}
    model, prompt = request.get("model", "dall-e-2"), request.get("prompt", "")
    behaviour = parse(model)
    await _fail_first(writer, behaviour)
    if behaviour.status != 200:
        wrong = answers.error_body("openai", behaviour.status, f"canned {behaviour.status}")
        return await _whole(writer, behaviour.status, orjson.dumps(wrong))
    if request.get("stream") in {True, "true"}:
        what = "image_edit" if received.path.endswith("edits") else "image_generation"
        failure = ("", answers.error_body("openai", 529, "canned error"))
        return await _stream(writer, behaviour, failure, list(pictures.events(prompt, model, what)))
    wanted = request.get("response_format", "b64_json")
    return await _whole_answer(writer, behaviour, orjson.dumps(pictures.answer(prompt, model, wanted, url)))


async def _with_picture(writer: asyncio.StreamWriter, behaviour: Behaviour, path: str, request: dict[str, Any]) -> None:
    """An answer of chat, Responses or Gemini that holds a picture."""
    kind = "gemini" if GEMINI.match(path) else "response" if "/responses" in path else "chat"
    if request.get("stream") is True or "streamGenerateContent" in path:
        events = list(getattr(pictures, f"{kind}_events")(request))
        array = kind == "gemini" and "alt=sse" not in path
        return await _stream(writer, behaviour, ("", {}), events, array=array)
    return await _whole_answer(writer, behaviour, orjson.dumps(getattr(pictures, kind)(request)))


async def _file(writer: asyncio.StreamWriter, name: str) -> None:
    """What a link leads to: a picture, a redirect (`to-URL`), or bytes without end (`endless`)."""
    if name.startswith("to-"):
        target = base64.urlsafe_b64decode(name.removeprefix("to-"))
        writer.write(b"HTTP/1.1 302 Found\r\nlocation: " + target + b"\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        return
    if name == "endless":
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\nconnection: close\r\n\r\n")
        while True:
            writer.write(bytes(65_536))
            await writer.drain()
    data = pictures.file_of(name)
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: %d\r\n\r\n" % len(data) + data)
    await writer.drain()


def _models(anthropic: bool) -> dict[str, Any]:
    names = ("echo", "canned-20x", "tool")
    if anthropic:
        made = "2026-01-01T00:00:00Z"
        listed = [{"type": "model", "id": name, "display_name": name, "created_at": made} for name in names]
        return {"data": listed, "has_more": False, "first_id": names[0], "last_id": names[-1]}
    created = {"object": "model", "created": 1_790_000_000, "owned_by": "canned"}
    return {"object": "list", "data": [{"id": name, **created} for name in names]}


async def _received(reader: asyncio.StreamReader, connection: int) -> AsyncIterator[Received]:
    """The requests of one connection, until it closes."""
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return
        line, *fields = head[:-4].decode("latin-1").split("\r\n")
        method, path, _ = line.split(" ", 2)
        headers = tuple((key, value.strip()) for key, _, value in (one.partition(":") for one in fields))
        lower = {key.lower(): value for key, value in headers}
        body = b""
        if "content-length" in lower:
            body = await reader.readexactly(int(lower["content-length"]))
        elif lower.get("transfer-encoding", "").lower() == "chunked":
            body = await _chunked(reader)
        yield Received(method, path, headers, body, time.time_ns() // 1000, connection)


async def _chunked(reader: asyncio.StreamReader) -> bytes:
    pieces: list[bytes] = []
    while size := int((await reader.readline()).partition(b";")[0], 16):
        pieces.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(pieces)


async def _fail_first(writer: asyncio.StreamWriter, behaviour: Behaviour) -> None:
    """Whatever a behaviour does before the first byte of an answer."""
    if behaviour.first_s:
        await asyncio.sleep(behaviour.first_s)
    if behaviour.reset == 0:
        raise _Stop(hard=True)
    if "hang" in behaviour.flags:
        await asyncio.sleep(3600)
    if "garbage" in behaviour.flags:
        writer.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
        await writer.drain()
        raise _Stop


async def _whole(writer: asyncio.StreamWriter, status: int, body: bytes, extra: list[bytes] | None = None) -> None:
    head = [b"HTTP/1.1 %d Canned" % status, b"content-type: application/json", b"content-length: %d" % len(body)]
    head += [b"x-request-id: req_canned", b"set-cookie: canned=1", *(extra or [])]
    writer.write(b"\r\n".join(head) + b"\r\n\r\n" + body)
    await writer.drain()


async def _whole_answer(
    writer: asyncio.StreamWriter, behaviour: Behaviour, body: bytes, media_type: bytes = b"application/json"
) -> None:
    """A complete answer, unless the behaviour breaks it."""
    if behaviour.slow_s:
        await asyncio.sleep(behaviour.slow_s)
    if "malformed" in behaviour.flags:
        body = body[: len(body) // 2] + b"\xff{,"
    head = [b"HTTP/1.1 200 OK", b"content-type: " + media_type, b"x-request-id: req_canned", b"set-cookie: canned=1"]
    if "gzip" in behaviour.flags:
        body = gzip.compress(body, 1)
        head.append(b"content-encoding: gzip")
    close = "close" in behaviour.flags
    head.append(b"connection: close" if close else b"content-length: %d" % len(body))
    writer.write(b"\r\n".join(head) + b"\r\n\r\n")
    if max(behaviour.cut, behaviour.reset, behaviour.stall, behaviour.error) >= 0:
        await _send(writer, behaviour, body[: len(body) // 2])
        if behaviour.stall >= 0:
            await asyncio.sleep(3600)
        raise _Stop(hard=behaviour.reset >= 0)
    await _send(writer, behaviour, body)
    if close:
        raise _Stop


async def _stream(
    writer: asyncio.StreamWriter,
    behaviour: Behaviour,
    failure: tuple[str, Any],
    events: list[tuple[str, Any]],
    *,
    array: bool = False,
) -> None:
    """Events in HTTP chunks, one event a chunk, until they or the behaviour end (`failure`: its error).

    `array`: elements of one JSON array.
    """
    close = "close" in behaviour.flags
    framing = b"connection: close" if close else b"transfer-encoding: chunked"
    media_type = b"application/json; charset=UTF-8" if array else b"text/event-stream; charset=utf-8"
    head = [b"HTTP/1.1 200 OK", b"content-type: " + media_type, b"cache-control: no-cache", framing]
    head += [b"x-request-id: req_canned", b"set-cookie: canned=1"]
    zipper = None
    if "gzip" in behaviour.flags:
        head.append(b"content-encoding: gzip")
        zipper = gzip.compress
    writer.write(b"\r\n".join(head) + b"\r\n\r\n")
    together = not (behaviour.slow_s or behaviour.tcp)
    for index, (name, data) in enumerate(events):
        if index in (behaviour.cut, behaviour.reset, behaviour.stall):
            await writer.drain()
            if index == behaviour.stall:
                await asyncio.sleep(3600)
            raise _Stop(hard=index == behaviour.reset)
        frame = _element(index, data) if array else _frame(behaviour, name, data)
        if index == behaviour.error:
            frame = _element(index, failure[1]) if array else _frame(behaviour, *failure)
        elif "malformed" in behaviour.flags and index == 2:
            frame = b'data: {"broken": \xff\n\n'
        frame = zipper(frame, 1) if zipper else frame
        if behaviour.slow_s:
            await asyncio.sleep(behaviour.slow_s)
        frame = frame if close else b"%x\r\n%b\r\n" % (len(frame), frame)
        if together:
            writer.write(frame)
            if writer.transport.get_write_buffer_size() > 1 << 18:
                await writer.drain()
        else:
            await _send(writer, behaviour, frame)
        if index == behaviour.error:
            break
    if array and "noend" not in behaviour.flags:
        writer.write(b"\n]" if close else b"2\r\n\n]\r\n")
    writer.write(b"" if close else b"0\r\n\r\n")
    await writer.drain()
    if close:
        raise _Stop


def _element(index: int, data: Any) -> bytes:
    """As Google writes them: indented, parted by a comma and a line break."""
    return (b",\r\n" if index else b"[") + orjson.dumps(data, option=orjson.OPT_INDENT_2)


def _frame(behaviour: Behaviour, name: str, data: Any) -> bytes:
    payload = data.encode() if isinstance(data, str) else orjson.dumps(data)
    end = b"\r\n" if "crlf" in behaviour.flags else b"\n"
    comment = b": canned" + end if "crlf" in behaviour.flags else b""
    event = b"event: " + name.encode() + end if name else b""
    return comment + event + b"data: " + payload + end + end


async def _send(writer: asyncio.StreamWriter, behaviour: Behaviour, data: bytes) -> None:
    """Write bytes; `tcp-N` makes each N of them a packet of their own."""
    size = behaviour.tcp or 1 << 20
    for start in range(0, len(data), size):
        writer.write(data[start : start + size])
        await writer.drain()
        if behaviour.tcp:
            await asyncio.sleep(0)


async def _run(arguments: argparse.Namespace) -> None:
    context = None
    if arguments.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.tls)
    record = Path(arguments.record) if arguments.record else None
    async with CannedProvider(arguments.port, record, context, keep=1000) as provider:
        print(orjson.dumps({"url": provider.url}).decode(), flush=True)
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await stopped.wait()


def main() -> None:
    """The program: listens until SIGTERM."""
    parser = argparse.ArgumentParser(description="Echo and fault provider for tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", default="", help="append every request to this JSON Lines file, fsynced")
    parser.add_argument("--tls", default="", help="PEM file with certificate and key")
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
