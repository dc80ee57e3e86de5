"""Settles calls after their last byte: recount, discrepancy, price, fingerprint. Pure work, run in an inspector.

One item per flow:

    {"flow", "tenant", "provider", "price_provider"?, "model", "tokenizer"?, "protocol"?, "finish"?,
     "request": [{"role", "text"} | {"role", "tokens"}, …]   one a message (tokens: as earlier results' `rows` said, of one or several messages), as the provider saw them (after redaction)
     "output_text"                      what the provider visibly said, before anything was restored or labelled
     "delivered_text"?                  what the caller got; the fingerprint is of this (default: output_text)
     "reported": {"input", "cached_input", "cache_write", "output", "reasoning"} | null
     "at" (µs since the epoch), "latency_ms", "first_byte_ms" | null, "fingerprint_key" (hex)
     "labels"?, "known_entities"?, "tools"?, "opaque"?, "tool_names"?, "thinking"?, "media"?, "skipped"?}

One result per item, in the record's groups: {"flow", "pub", "meter", "digest"}, and "rows": the tokens of each message.
No floats: the record forbids them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.flow import Usage
from gateway.inspection.steps import Steps, finished
from gateway.metering.discrepancy import compare
from gateway.metering.price import PriceBook
from gateway.metering.recount import Counted, Exchange, Method, Recounter
from watermark.exact import exact_text
from watermark.fingerprint import encode, winnow

_KEY_BYTES = 16
_BARE = frozenset({"openai_completions", "openai_embeddings", "openai_moderations"})
"""Protocols whose texts are no messages."""
_USAGE = ("input", "cached_input", "cache_write", "output", "reasoning")


class Settlement:
    """What settling needs, loaded once: tokenizers and price books. One object per inspector, used by one thread."""

    def __init__(self, books: Sequence[Path] = ()) -> None:
        """`books`: additional price books in our own format. Raises ConfigurationError for a broken one."""
        self._recounter = Recounter()
        self._prices = PriceBook(books)

    def warm(self, tokenizers: Sequence[str] = ("o200k",)) -> None:
        """Load now what the first call would wait for: these tokenizers, the price data, the fingerprint's table.

        Takes about half a second; a tokenizer that is not installed is left to be reported by the calls that need it.
        """
        self._recounter.warm(tokenizers)
        self._prices.price("openai", "gpt-4o", Usage(), 0)
        winnow("", bytes(_KEY_BYTES))

    def settle_many(self, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Settle each item. A bad item does not spoil the others: it is recorded as not counted, with the reason."""
        return finished(self.settled_in_steps(items))

    def settled_in_steps(self, items: Sequence[Mapping[str, Any]]) -> Steps[list[dict[str, Any]]]:
        """The same in steps of one item each: a batch takes as long as hundreds of inspections.

        All are counted first: tokenizer and fingerprint drive each other's tables out of the processor's caches.
        """
        try:
            counted: list[Counted | Exception] = []
            for item in items:
                counted.append(self._counted(item))
                yield
            settled = []
            for item, count in zip(items, counted, strict=True):
                settled.append(self._settled(item, count))
                yield
            return settled
        finally:
            self._recounter.forget_texts()

    def _counted(self, item: Mapping[str, Any]) -> Counted | Exception:
        """Its tokens, or why it cannot be settled: whatever is wrong with one item, the batch's others must be."""
        try:
            return self._recounter.count(_exchange(item))
        except Exception as error:
            return error

    def _settled(self, item: Mapping[str, Any], counted: Counted | Exception) -> dict[str, Any]:
        if isinstance(counted, Exception):
            return _unsettled(item, type(counted).__name__)
        try:
            return self._result(item, counted)
        except Exception as error:
            return _unsettled(item, type(error).__name__)

    def _result(self, item: Mapping[str, Any], counted: Counted) -> dict[str, Any]:
        reported = _usage(item.get("reported"))
        deviation = compare(reported, counted)
        meter = {
            "reported": reported.as_dict() if reported else None,
            "counted": _counted(counted, media=bool(item.get("media"))),
            "discrepancy": deviation.flagged,
            "price": self._price(item, reported, counted),
            **_timing(item),
        }
        if deviation.flagged:
            meter["deviation"] = {"input": deviation.input, "output": deviation.output}
        spoken = item.get("delivered_text") or item["output_text"]
        key = _key(item["fingerprint_key"])
        marks = winnow(spoken, key)
        return {
            "flow": str(item["flow"]),
            "pub": _pub(item),
            "meter": meter,
            "digest": {"fingerprint": encode(marks), "text": exact_text(spoken, key)},
            "rows": list(counted.rows),
        }

    def _price(self, item: Mapping[str, Any], reported: Usage | None, counted: Counted) -> dict[str, str | None] | None:
        """Of what the provider reports; of our own count where it reports nothing; None where neither is known.

        What was made and is no text has no tokens that we could count: without a report its price is not known.
        """
        if reported is None and (counted.method is Method.NONE or item.get("media")):
            return None
        basis = reported or Usage(input=counted.input, output=counted.output)
        provider = item.get("price_provider") or item["provider"]
        return self._prices.price(provider, item["model"], basis, item["at"]).as_dict()


def _exchange(item: Mapping[str, Any]) -> Exchange:
    return Exchange(
        model=item["model"],
        texts=[(row["role"], row["tokens"] if "tokens" in row else row["text"]) for row in item["request"]],
        output=item["output_text"],
        tokenizer=item.get("tokenizer") or "",
        finish=item.get("finish") or "",
        tools=bool(item.get("tools")),
        opaque=bool(item.get("opaque")),
        called_tools=bool(item.get("tool_names")),
        thinking=bool(item.get("thinking")),
        media=bool(item.get("media")),
        memory=_key(item["fingerprint_key"]),
        bare=item.get("protocol") in _BARE,
        known=not item.get("skipped"),
    )


def _usage(reported: Mapping[str, Any] | None) -> Usage | None:
    """A provider's figures; a figure that is no natural number is a broken report and raises ValueError."""
    if reported is None:
        return None
    figures = {name: reported.get(name, 0) for name in _USAGE}
    for name, figure in figures.items():
        if type(figure) is not int or figure < 0:
            raise ValueError(f"reported {name} is not a count")
    return Usage(**figures)


def _counted(counted: Counted, *, media: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"input": counted.input, "output": counted.output, "method": counted.method.value}
    if counted.tokenizer:
        found["tokenizer"] = counted.tokenizer
    if counted.reason:
        found["reason"] = counted.reason
    if media:
        found["media"] = True  # `output` is of the texts beside it
    return found


def _timing(item: Mapping[str, Any]) -> dict[str, int | None]:
    return {name: _milliseconds(item.get(name)) for name in ("latency_ms", "first_byte_ms")}


def _milliseconds(value: Any) -> int | None:
    return None if value is None else max(0, int(value))


def _pub(item: Mapping[str, Any]) -> dict[str, Any]:
    labels = [str(label) for label in item.get("labels") or ()]
    entities = {str(name): int(number) for name, number in (item.get("known_entities") or {}).items()}
    return {"labels": labels, "answer_entities": entities}


def _key(text: str) -> bytes:
    key = bytes.fromhex(text)
    if len(key) < _KEY_BYTES:
        raise ValueError("the fingerprint key is too short")
    return key


def _unsettled(item: Any, reason: str) -> dict[str, Any]:
    """What is recorded of an item that could not be settled: the provider's figures if they are figures, no guess."""
    known: Mapping[str, Any] = item if isinstance(item, Mapping) else {}
    try:
        reported = _usage(known.get("reported"))
    except (ValueError, TypeError, AttributeError):
        reported = None
    counted = {"input": 0, "output": 0, "method": "none", "reason": f"not settled: {reason}"}
    figures = reported.as_dict() if reported else None
    meter = {"reported": figures, "counted": counted, "discrepancy": False, "price": None}
    return {
        "flow": str(known.get("flow", "")),
        "pub": {"labels": [], "answer_entities": {}},
        "meter": {**meter, "latency_ms": None, "first_byte_ms": None},
        "digest": {"fingerprint": "", "text": ""},
        "rows": [],
    }
