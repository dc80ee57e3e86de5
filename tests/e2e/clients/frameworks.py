"""Agent frameworks as callers of Lexgate: `python frameworks.py langchain|llamaindex openai|anthropic SCENARIO`.

Runs in the environment beside it. Scenarios: whole, stream, agent (a loop with a tool that the framework runs). Settings
come from the environment: LEXGATE_URL, LEXGATE_KEY, MODEL, PROMPT. Writes one JSON object: text, and what the tool was
called with.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

URL, KEY, MODEL, PROMPT = (os.environ[name] for name in ("LEXGATE_URL", "LEXGATE_KEY", "MODEL", "PROMPT"))
called: list[str] = []


def look_up(text: str) -> str:
    """Looks up one customer."""
    called.append(text)
    return f"found: {text}"


def langchain(family: str) -> Any:
    if family == "openai":
        from langchain_openai import ChatOpenAI

        return ChatOpenAI(model=MODEL, base_url=f"{URL}/v1", api_key=KEY, max_retries=0, use_responses_api=False)
    from langchain_anthropic import ChatAnthropic

    return ChatAnthropic(model=MODEL, base_url=URL, api_key=KEY, max_retries=0, max_tokens=2000)


def langchain_said(family: str, scenario: str) -> str:
    from langchain_core.messages import HumanMessage, ToolMessage

    model = langchain(family)
    if scenario == "whole":
        return str(model.invoke(PROMPT).text)
    if scenario == "stream":
        return "".join(str(chunk.text) for chunk in model.stream(PROMPT))
    from langchain_core.tools import tool

    bound, messages = model.bind_tools([tool(look_up)]), [HumanMessage(PROMPT)]
    for _ in range(4):
        answer = bound.invoke(messages)
        messages.append(answer)
        if not answer.tool_calls:
            return str(answer.text)
        for call in answer.tool_calls:
            messages.append(ToolMessage(look_up(**call["args"]), tool_call_id=call["id"]))
    raise SystemExit("the loop does not end")


def llamaindex(family: str) -> Any:
    if family == "openai":
        from llama_index.llms.openai import OpenAI

        class Any_(OpenAI):  # its table of context sizes has OpenAI's own models only
            @property
            def metadata(self) -> Any:
                from llama_index.core.llms import LLMMetadata

                return LLMMetadata(
                    context_window=100_000, is_chat_model=True, is_function_calling_model=True, model_name=MODEL
                )

        return Any_(model=MODEL, api_base=f"{URL}/v1", api_key=KEY, max_retries=0)
    from llama_index.llms.anthropic import Anthropic

    class Other(Anthropic):
        @property
        def metadata(self) -> Any:
            from llama_index.core.llms import LLMMetadata

            return LLMMetadata(
                context_window=100_000, is_chat_model=True, is_function_calling_model=True, model_name=MODEL
            )

    return Other(model=MODEL, base_url=URL, api_key=KEY, max_retries=0, max_tokens=2000)


def llamaindex_said(family: str, scenario: str) -> str:
    from llama_index.core.llms import ChatMessage
    from llama_index.core.tools import FunctionTool

    model, messages = llamaindex(family), [ChatMessage(role="user", content=PROMPT)]
    if scenario == "whole":
        return str(model.chat(messages).message.content)
    if scenario == "stream":
        return "".join(chunk.delta or "" for chunk in model.stream_chat(messages))
    tool = FunctionTool.from_defaults(look_up)
    for _ in range(4):
        answer = model.chat_with_tools([tool], chat_history=messages)
        messages.append(answer.message)
        calls = model.get_tool_calls_from_response(answer, error_on_no_tool_call=False)
        if not calls:
            return str(answer.message.content)
        for call in calls:
            told = {"tool_call_id": call.tool_id}
            messages.append(ChatMessage(role="tool", content=look_up(**call.tool_kwargs), additional_kwargs=told))
    raise SystemExit("the loop does not end")


def main() -> None:
    framework, family, scenario = sys.argv[1:]
    said = {"langchain": langchain_said, "llamaindex": llamaindex_said}[framework](family, scenario)
    print(json.dumps({"text": said, "called": called}))


if __name__ == "__main__":
    main()
