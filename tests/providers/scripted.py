"""The scripted provider: a real HTTP server that plays a model which works with tools, for whole sessions of agents.

A *script* is a function from a conversation as the provider sees it to the blocks of the next answer. It knows no more
than a model would: what stands in the request. `conversation.calls` says how many tool calls the history holds, which
tells the script how far the session is. Requests without the agent's tools (titles, summaries) get a short text.

    with scripted(script, record) as provider: ...   # provider.url, provider.requests; all bytes are kept

Speaks Anthropic /v1/messages, OpenAI /v1/chat/completions and /v1/responses, whole and streamed, as `CannedProvider` does: it is one, with another mind.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import traceback
from asyncio import StreamWriter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tests.providers import answers
from tests.providers.answers import Answer, Block, Json
from tests.providers.behaviour import Behaviour
from tests.providers.canned import CannedProvider, Received, _stream, _whole, _whole_answer

PATHS = ("/v1/messages", "/v1/chat/completions", "/v1/responses")
PIECE = 7
"""Characters of a delta: no placeholder and no value fits into one."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One request as a model reads it."""

    request: Json

    @property
    def tools(self) -> frozenset[str]:
        offered = self.request.get("tools") or []
        return frozenset(str(tool.get("name") or tool.get("function", {}).get("name")) for tool in offered)

    @property
    def calls(self) -> int:
        """Tool calls in the history."""
        return len(self._called())

    @property
    def results(self) -> list[str]:
        """The texts of the tools' results in the order of the calls, whatever the order they came back in."""
        by_call: dict[str, Any] = {
            block["tool_use_id"]: [block] for block in self._blocks() if block.get("type") == "tool_result"
        }
        by_call |= {
            message["tool_call_id"]: message.get("content")
            for message in self._messages()
            if message.get("role") == "tool"
        }
        outputs = [item for item in self._items() if str(item.get("type")).endswith("_call_output")]
        by_call |= {item["call_id"]: _as_texts(item["output"]) for item in outputs}
        return ["\n".join(answers._texts(by_call[name])) for name in self._called() if name in by_call]

    def _called(self) -> list[str]:
        """The identifiers of all calls."""
        ours = [item["call_id"] for item in self._items() if item.get("type") in ("function_call", "custom_tool_call")]
        calls = [call for message in self._messages() for call in message.get("tool_calls") or ()]
        used = [block for block in self._blocks() if block.get("type") == "tool_use"]
        return [*ours, *(one["id"] for one in (*used, *calls))]

    @property
    def asked(self) -> str:
        """All text of users, line by line."""
        return "\n".join(text for role, text in answers.texts_in(self.request) if role == "user")

    def _messages(self) -> list[Json]:
        return self.request.get("messages") or []

    def _items(self) -> list[Json]:
        return self.request.get("input") or []

    def _blocks(self) -> list[Json]:
        contents = [message.get("content") for message in self._messages()]
        return [block for content in contents if isinstance(content, list) for block in content]


def _as_texts(output: Any) -> Any:
    """A tool's output in the Responses API: a text, or a list of parts."""
    return output if isinstance(output, str) else [{**part, "type": "text"} for part in output]


Script = Callable[[Conversation], list[Block]]


def text(words: str) -> Block:
    return Block("text", words, _pieces(words))


def call(tool: str, **arguments: Any) -> Block:
    """A tool call; its arguments arrive in small pieces."""
    words = orjson.dumps(arguments).decode()
    return Block("tool", words, _pieces(words), tool)


def _pieces(words: str) -> tuple[str, ...]:
    return tuple(words[start : start + PIECE] for start in range(0, len(words), PIECE))


def _nothing(conversation: Conversation) -> list[Block]:
    return [text("Done.")]


@dataclass(slots=True)
class ScriptedProvider(CannedProvider):
    """The server. `tool` names a tool of the agent: requests that offer it are played by the script."""

    script: Script = _nothing
    tool: str = ""
    failures: list[str] = field(default_factory=list)

    async def _answer(self, received: Received, writer: StreamWriter) -> None:
        path = received.path.partition("?")[0]
        if path not in PATHS:
            return await CannedProvider._answer(self, received, writer)
        anthropic = path == "/v1/messages"
        request = received.json()
        conversation = Conversation(request)
        try:
            blocks = self.script(conversation) if self.tool in conversation.tools else _nothing(conversation)
        except Exception as error:  # the test reads why; the agent gets an error that it does not retry
            self.failures.append("".join(traceback.format_exception(error)))
            wrong = answers.error_body("anthropic" if anthropic else "openai", 400, "the script has failed")
            return await _whole(writer, 400, orjson.dumps(wrong))
        said, number = _said(request, blocks), len(self.requests)
        made, whole = _forms(path)
        if request.get("stream") is True:
            events = [(name, _numbered(event, number)) for name, event in made(said, request)]
            return await _stream(writer, said.behaviour, ("error", {}), events)
        body = _numbered(whole(said, request), number)
        return await _whole_answer(writer, said.behaviour, orjson.dumps(body))


def _forms(path: str) -> tuple[Callable[[Answer, Json], Iterable[tuple[str, Any]]], Callable[[Answer, Json], Json]]:
    """How an answer on this path is written: as events, and whole."""
    if path == "/v1/messages":
        return answers.anthropic_events, answers.anthropic_body
    if path == "/v1/chat/completions":
        return answers.openai_events, answers.openai_body
    from tests.providers import responses

    return responses.events, responses.body


def _said(request: Json, blocks: list[Block]) -> Answer:
    finish = "tool" if any(block.kind == "tool" for block in blocks) else "stop"
    spoken = sum(answers.tokens(block.text) for block in blocks)
    behaviour = Behaviour(tcp=11)
    return Answer(str(request["model"]), tuple(blocks), finish, answers.count_input(request), spoken, behaviour)


def _numbered(value: Any, number: int) -> Any:
    """The same with identifiers of its own: agents take two answers of one identifier for one."""
    return orjson.loads(orjson.dumps(value).replace(b"_canned", b"_%04d" % number))


@contextlib.contextmanager
def scripted(script: Script, record: Path, tool: str) -> Iterator[ScriptedProvider]:
    """The provider on a thread of its own, until the block ends."""
    provider = ScriptedProvider(record=record, script=script, tool=tool)
    ready, loop = threading.Event(), asyncio.new_event_loop()
    ended = asyncio.Event()

    async def serve() -> None:
        async with provider:
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    if not ready.wait(10):
        raise AssertionError("the scripted provider does not start")
    try:
        yield provider
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()
