"""Names that OpenAI's chat completions use."""

from __future__ import annotations

VISIBLE = frozenset({"content", "refusal"})
NO_TEXT = frozenset({"role", "id", "name", "tool_call_id"})
STEPS = "reasoning_details"
"""Reasoning in steps, each an object with a text (MiniMax, and routers)."""
PADDING = "obfuscation"
"""A random word that hides how long an event's text is."""
STAMP = ("id", "object", "created", "model", "system_fingerprint", "service_tier")
"""Members of an answer, and of each event, that name it."""
ANSWER = frozenset({*STAMP, "choices", "usage"})
CHOICE = frozenset({"index", "message", "logprobs", "finish_reason"})
NAMES = ANSWER | CHOICE | {"delta", PADDING}
CALL_NAMES = frozenset({"index", "id", "type", "function", "custom", "name", "arguments", "input"})
AUDIO_NAMES = frozenset({"id", "data", "expires_at", "transcript"})
DONE = b"data: [DONE]\n\n"
STOPPED = "content_filter"
