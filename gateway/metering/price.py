"""What a call costs, by dated books: our own first, then the public data of `genai-prices`.

How a model was found is part of the price, because a wrong guess is a wrong bill:
`exact`  the book names this very model                    `alias`  the same name without its date, or a listed pattern
                                                                     of that name and a date
`fuzzy`  a pattern fitted, or the provider was guessed: the amount is shown and marked, never billed silently
`none`   no book knows the model: no amount
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.flow import Usage
from gateway.metering.book import Tariff, built_in_books, read_books

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

_DATED = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|latest)$")
_PLAIN_KEYS = ("input_mtok", "cache_read_mtok", "cache_write_mtok", "output_mtok")
_MICROS_PER_DAY = 86_400_000_000
_REMEMBERED = 4096


class Match(StrEnum):
    EXACT = "exact"
    ALIAS = "alias"
    FUZZY = "fuzzy"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Price:
    """An amount as a plain decimal string ("" when no book knows the model), and where it comes from."""

    amount: str
    currency: str
    match: Match
    book: str
    entry: str = ""  # "provider/model" of the book, where it is not the name that was asked

    def as_dict(self) -> dict[str, str | None]:
        named = {"amount": self.amount or None, "currency": self.currency or None}
        entry = {"entry": self.entry} if self.entry else {}
        return {**named, "match": self.match.value, "book": self.book or None, **entry}


@dataclass(frozen=True, slots=True)
class _Rates:
    """Per million tokens; each rate is (from how many input tokens on, price), ascending."""

    input: tuple[tuple[int, Decimal], ...]
    cached_input: tuple[tuple[int, Decimal], ...]
    cache_write: tuple[tuple[int, Decimal], ...]
    output: tuple[tuple[int, Decimal], ...]

    def amount(self, usage: Usage) -> Decimal:
        plain = max(0, usage.input - usage.cached_input - usage.cache_write)
        total = (
            _tier(self.input, usage.input) * plain
            + _tier(self.cached_input, usage.input) * usage.cached_input
            + _tier(self.cache_write, usage.input) * usage.cache_write
            + _tier(self.output, usage.input) * usage.output
        )
        return total.scaleb(-6)


@dataclass(frozen=True, slots=True)
class _Resolved:
    """A model found in the public data, once; `rates` is None where its price depends on the hour or the request."""

    match: Match
    entry: str
    rates: _Rates | None
    model: Any = None
    provider: Any = None


class PriceBook:
    """Prices calls. Holds its books and what it has resolved; one object per process."""

    def __init__(self, books: Sequence[Path] = ()) -> None:
        """`books`: files of our own format, read before the built-in ones. Raises ConfigurationError."""
        self._tariffs = read_books((*books, *built_in_books()))
        self._own: dict[tuple[str, str, int], Tariff | None] = {}
        self._public: dict[tuple[str, str], _Resolved] = {}
        self._public_book = ""

    def price(self, provider: str, model: str, usage: Usage, at_us: int) -> Price:
        """The price of one call's usage at a time (µs since the epoch). Never raises for an unknown model."""
        provider, name = provider.lower(), model.lower()
        if (tariff := self._tariff(provider, name, at_us)) is not None:
            match = Match.EXACT if tariff.models[0] == name else Match.ALIAS
            entry = "" if match is Match.EXACT else f"{tariff.provider}/{tariff.models[0]}"
            return Price(_plain(_tariff_rates(tariff).amount(usage)), tariff.currency, match, tariff.book, entry)
        found = self._resolved(provider, name)
        if found.match is Match.NONE:
            return Price("", "", Match.NONE, "")
        amount = found.rates.amount(usage) if found.rates else _by_package(found, usage, at_us)
        entry = "" if found.match is Match.EXACT else found.entry
        return Price(_plain(amount), "USD", found.match, self._public_book, entry)

    def _tariff(self, provider: str, model: str, at_us: int) -> Tariff | None:
        key = (provider, model, at_us // _MICROS_PER_DAY)
        if key not in self._own:
            if len(self._own) >= _REMEMBERED:
                self._own.clear()
            day = date.fromordinal(date(1970, 1, 1).toordinal() + key[2])
            fitting = (t for t in self._tariffs if t.provider == provider and model in t.models and t.holds(day))
            self._own[key] = next(fitting, None)
        return self._own[key]

    def _resolved(self, provider: str, model: str) -> _Resolved:
        key = (provider, model)
        if (known := self._public.get(key)) is None:
            if len(self._public) >= _REMEMBERED:
                self._public.clear()
            known = self._public[key] = _resolve(provider, model)
            if not self._public_book:
                import genai_prices

                self._public_book = f"genai-prices@{genai_prices.__version__}"
        return known


def _resolve(provider_id: str, name: str) -> _Resolved:
    """Look a model up in the public data; with no such provider there, only the model's name can guess one."""
    from genai_prices.data_snapshot import get_snapshot  # 2,330 models, 25 MB: loaded with the first price

    snapshot = get_snapshot()
    guessed = False
    try:
        provider, model = snapshot.find_provider_model(name, None, provider_id, None)
    except LookupError:
        try:
            snapshot.find_provider(None, provider_id, None)
        except LookupError:
            guessed = True  # the provider is not in the book: another house's price may not apply
        else:
            return _Resolved(Match.NONE, "", None)
        try:
            provider, model = snapshot.find_provider_model(name, None, None, None)
        except LookupError:
            return _Resolved(Match.NONE, "", None)
    match = Match.FUZZY if guessed else _match(provider, model, name)
    return _Resolved(match, f"{provider.id}/{model.id}", _rates(model), model, provider)


def _match(provider: Provider, model: ModelInfo, name: str) -> Match:
    """How certain it is that the entry means this very model."""
    if not any(model is own for own in provider.models):  # a price borrowed from another provider's list
        return Match.FUZZY
    if name == model.id.lower():
        return Match.EXACT
    undated = _DATED.sub("", name)
    equals, patterns = _names(model.match)
    if name in equals:
        # the data groups successors under one entry (MiniMax-M2.5 under MiniMax-M2): a listed name, not the entry's
        return Match.ALIAS
    if undated == model.id.lower() or undated in equals or undated in patterns:
        return Match.ALIAS
    return Match.FUZZY


def _names(clause: Any) -> tuple[set[str], set[str]]:
    """The names a match clause lists in full, and the beginnings it accepts."""
    if hasattr(clause, "or_"):
        pairs = [_names(one) for one in clause.or_]
        return set().union(*(pair[0] for pair in pairs)), set().union(*(pair[1] for pair in pairs))
    if hasattr(clause, "equals"):
        return {clause.equals.lower()}, set()
    if hasattr(clause, "starts_with"):
        return set(), {clause.starts_with.lower()}
    return set(), set()


def _rates(model: ModelInfo) -> _Rates | None:
    prices: Any = model.prices
    if isinstance(prices, list):
        return None
    found = {key: _steps(getattr(prices, key)) for key in _PLAIN_KEYS}
    per_call = getattr(prices, "requests_kcount", None)
    if not found["input_mtok"] or not found["output_mtok"] or per_call:
        return None
    plain = found["input_mtok"]
    return _Rates(plain, found["cache_read_mtok"] or plain, found["cache_write_mtok"] or plain, found["output_mtok"])


def _steps(price: Any) -> tuple[tuple[int, Decimal], ...]:
    if price is None:
        return ()
    if isinstance(price, Decimal):
        return ((0, price),)
    return ((0, price.base), *((tier.start, tier.price) for tier in sorted(price.tiers, key=lambda t: t.start)))


def _tier(steps: tuple[tuple[int, Decimal], ...], input_tokens: int) -> Decimal:
    """The price that holds for a prompt of this size: a tier begins *above* its start, as in genai-prices."""
    chosen = steps[0][1]
    for start, price in steps[1:]:
        if input_tokens > start:
            chosen = price
    return chosen


def _tariff_rates(tariff: Tariff) -> _Rates:
    return _Rates(((0, tariff.input),), ((0, tariff.cached_input),), ((0, tariff.cache_write),), ((0, tariff.output),))


def _by_package(found: _Resolved, usage: Usage, at_us: int) -> Decimal:
    """Prices that change with the hour or the kind of request: the package's own calculation (120 µs)."""
    from genai_prices import Usage as PackageUsage

    counted = PackageUsage(
        input_tokens=usage.input,
        cache_read_tokens=usage.cached_input or None,
        cache_write_tokens=usage.cache_write or None,
        output_tokens=usage.output,
    )
    at = datetime.fromtimestamp(at_us / 1_000_000, UTC)
    total: Decimal = found.model.calc_price(counted, found.provider, genai_request_timestamp=at).total_price
    return total


def _plain(amount: Decimal) -> str:
    """Every digit, no exponent, no trailing zeros: 0.0000031."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
