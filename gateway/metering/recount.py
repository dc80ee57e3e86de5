"""Our own count of a call's tokens, beside what the provider reports: visible text only, with the method named.

`exact`     the model's own tokenizer and its own chat template: equal to what an honest provider reports
`template`  the model's own tokenizer, the message overhead its provider documents; other parts are not seen
`estimate`  another tokenizer (o200k): off by up to 2.2 times in Chinese, so never a ground for a bill
`none`      not counted, and why
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import NamedTuple

from gateway.metering.tokenizer import TokenizerMissing, Tokenizers


class Method(StrEnum):
    EXACT = "exact"
    TEMPLATE = "template"
    ESTIMATE = "estimate"
    NONE = "none"


_WEAKER = (Method.EXACT, Method.TEMPLATE, Method.ESTIMATE, Method.NONE)


class Counted(NamedTuple):
    """Tokens of one call as we count them. `method` is the weaker of the two sides' methods."""

    input: int
    output: int
    input_method: Method
    output_method: Method
    tokenizer: str = ""
    reason: str = ""  # why a side was not counted, or only estimated; no content
    partial_input: bool = False  # the request held parts that this count leaves out
    partial_output: bool = False  # the answer held parts that this count leaves out
    rows: tuple[int, ...] = ()  # tokens of each message, its overhead included: what a later turn need not count again

    @property
    def method(self) -> Method:
        return max(self.input_method, self.output_method, key=_WEAKER.index)


class Exchange(NamedTuple):
    """What one call visibly said. `texts` are (role, text) in order, one a message; all as the provider saw them."""

    model: str
    texts: Sequence[tuple[str, str | int]]  # an int: the tokens of that message, counted before
    output: str
    tokenizer: str = ""  # the provider's configured tokenizer; "" chooses by model name, "none" counts nothing
    finish: str = ""  # why the answer ended, in the family's own word
    tools: bool = False  # tool definitions, tool calls or an output schema in the request
    opaque: bool = False  # images, files or references in the request
    called_tools: bool = False  # the answer calls a tool
    thinking: bool = False  # the provider may have produced tokens that nobody was shown
    media: bool = False  # the answer is, or holds, pictures, recordings or films
    bare: bool = False  # the texts are no messages: the model reads them without anything between
    memory: bytes = b""  # whose counts are remembered together: a tenant's key
    known: bool = True  # False: the texts were not kept, nothing can be counted


_BY_MODEL: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"(?:.*/)?smollm2-.*"), "smollm2"),
    (re.compile(r"(?:.*/)?(?:chatgpt-4o|gpt-4o|gpt-4\.1|gpt-4\.5|gpt-5|o1|o3|o4)(?:[-.:].*)?"), "o200k"),
    (re.compile(r"(?:.*/)?(?:gpt-4|gpt-3\.5|gpt-35|text-embedding-3|text-embedding-ada)(?:-.*)?"), "cl100k"),
)
_ALIASES: Mapping[str, str] = {"o200k_base": "o200k", "cl100k_base": "cl100k", "smollm2-135m": "smollm2"}
_FALLBACK = "o200k"
_TEMPLATE_UNKNOWN = frozenset({"deepseek", "qwen", "qwen3.5"})
"""Own tokenizers whose services do not document what a chat adds to its messages: of these only the output is proven."""
_SMOLLM2_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
_ENDED = frozenset({"stop", "end_turn", "completed"})
_REMEMBERED = 4096


def tokenizer_for(model: str, hint: str = "") -> tuple[str, bool]:
    """(tokenizer name, whether it is the model's own). A provider's configured hint outranks the model's name."""
    if hint:
        return _ALIASES.get(hint, hint), True
    for pattern, name in _BY_MODEL:
        if pattern.fullmatch(model.lower()):
            return name, True
    return _FALLBACK, False


class Recounter:
    """Counts exchanges. Tokenizers are loaded at first use and kept; one object per process, not shared by threads."""

    def __init__(self, tokenizers: Tokenizers | None = None) -> None:
        self._tokenizers = tokenizers or Tokenizers()
        self._names: dict[tuple[str, str], tuple[str, bool]] = {}  # what `tokenizer_for` said
        self._messages: dict[tuple[bytes, str, bool, str, str], int] = {}  # of this batch: flows have most in common

    def warm(self, names: Sequence[str]) -> None:
        """Load these tokenizers (by name or by a provider's hint) if they are installed."""
        for name in names:
            with suppress(TokenizerMissing):
                self._tokenizers.load(_ALIASES.get(name, name))

    def forget_texts(self) -> None:
        """Keep no text of the exchanges counted so far."""
        self._messages.clear()
        self._tokenizers.forget_texts()

    def count(self, exchange: Exchange) -> Counted:
        """Recounts one exchange; what cannot be counted is said in the result, not raised."""
        if not exchange.known:
            return _uncounted("the texts were not kept")
        name, own = self._tokenizer_of(exchange.model, exchange.tokenizer)
        if name == "none":
            return _uncounted("configured not to be counted")
        reason = "" if own else "no tokenizer is known for this model"
        try:
            self._tokenizers.load(name)
        except TokenizerMissing as error:
            name, own, reason = _FALLBACK, False, str(error)
        if own and name == "smollm2" and not exchange.bare:
            return self._smollm2(exchange)
        return self._by_overhead(exchange, name, own=own, reason=reason)

    def _tokenizer_of(self, model: str, hint: str) -> tuple[str, bool]:
        known = self._names.get((model, hint))
        if known is None:
            if len(self._names) >= _REMEMBERED:
                self._names.clear()
            known = self._names[model, hint] = tokenizer_for(model, hint)
        return known

    def _rows(self, exchange: Exchange, name: str, tokens: Callable[[str, str], int]) -> tuple[int, ...]:
        """The tokens of each message; `tokens` is asked once for one that several exchanges of a batch hold."""
        rows = []
        for role, text in exchange.texts:
            if isinstance(text, int):
                rows.append(text)
                continue
            key = exchange.memory, name, exchange.bare, role, text
            known = self._messages.get(key)
            if known is None:
                known = self._messages[key] = tokens(role, text)
            rows.append(known)
        return tuple(rows)

    def _counting(self, exchange: Exchange) -> Callable[[str, str], int]:
        return lambda name, text: self._tokenizers.count(name, text, exchange.memory)

    def _smollm2(self, exchange: Exchange) -> Counted:
        """The chat template in SmolLM2's GGUF, piece by piece: no piece can merge with a control token beside it."""
        count = self._counting(exchange)

        def tokens(role: str, text: str) -> int:  # <|im_start|> role \n content <|im_end|> \n
            return 3 + count("smollm2", f"{role}\n{text}")

        rows = self._rows(exchange, "smollm2", tokens)
        total = sum(rows)
        if not exchange.texts or exchange.texts[0][0] != "system":
            total += tokens("system", _SMOLLM2_SYSTEM)
        total += 1 + count("smollm2", "assistant\n")  # primes the answer
        output = count("smollm2", exchange.output) + (exchange.finish in _ENDED)
        return _sided(exchange, "smollm2", total, output, Method.EXACT, rows=rows)

    def _by_overhead(self, exchange: Exchange, name: str, *, own: bool, reason: str) -> Counted:
        """OpenAI's documented overhead: three tokens a message, its role, three to prime the answer."""
        count = self._counting(exchange)
        bare = exchange.bare
        rows = self._rows(exchange, name, lambda role, text: count(name, text) + (0 if bare else 3 + count(name, role)))
        method = Method.TEMPLATE if own else Method.ESTIMATE
        primed = sum(rows) + (0 if bare else 3)
        counted = _sided(exchange, name, primed, count(name, exchange.output), method, reason, rows)
        return counted._replace(input_method=Method.ESTIMATE) if name in _TEMPLATE_UNKNOWN else counted


def _sided(
    exchange: Exchange,
    name: str,
    tokens: int,
    output: int,
    method: Method,
    reason: str = "",
    rows: tuple[int, ...] = (),
) -> Counted:
    """A side with parts that were not counted is an estimate, however good its tokenizer is."""
    partial_input = exchange.tools or exchange.opaque
    partial_output = exchange.called_tools or exchange.thinking or exchange.media
    if partial_input or partial_output:
        reason = reason or "tools, schemas, files or hidden reasoning are not part of this count"
    if exchange.media:
        reason = "pictures, recordings and films are not part of this count"
    return Counted(
        input=tokens,
        output=output,
        input_method=Method.ESTIMATE if partial_input else method,
        output_method=Method.ESTIMATE if partial_output else method,
        tokenizer=name,
        reason=reason,
        partial_input=partial_input,
        partial_output=partial_output,
        rows=rows,
    )


def _uncounted(reason: str) -> Counted:
    return Counted(0, 0, Method.NONE, Method.NONE, "", reason)
