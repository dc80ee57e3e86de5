"""Our own price books: dated JSON files, for tariffs that the public price data does not hold.

    {"book": "…", "date": "2026-11-24", "currency": "USD", "note": "…",
     "prices": [{"provider": "demo", "model": "smollm2-135m", "aliases": [], "from": "2026-01-01", "until": null,
                 "input": "0.10", "cached_input": "0.05", "cache_write": "0.12", "output": "0.40"}]}

Prices are decimal strings per million tokens. `from` is inclusive, `until` exclusive (UTC dates); cached_input and
cache_write default to the input price. Files are read in order, the first entry that fits speaks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import orjson

from gateway.errors import ConfigurationError

BUILT_IN = Path(__file__).with_name("books")


@dataclass(frozen=True, slots=True)
class Tariff:
    """What one model costs, per million tokens, while the dates hold."""

    provider: str
    models: tuple[str, ...]  # the model's name, then its aliases; lower case
    begins: date
    ends: date | None
    input: Decimal
    cached_input: Decimal
    cache_write: Decimal
    output: Decimal
    currency: str
    book: str

    def holds(self, day: date) -> bool:
        return self.begins <= day and (self.ends is None or day < self.ends)


def read_books(paths: Iterable[Path]) -> tuple[Tariff, ...]:
    """The tariffs of several book files, in order. Raises ConfigurationError naming the file and what is wrong."""
    return tuple(tariff for path in paths for tariff in _read(path))


def built_in_books() -> tuple[Path, ...]:
    """The books that come with Lexgate."""
    return tuple(sorted(BUILT_IN.glob("*.json")))


def _read(path: Path) -> list[Tariff]:
    try:
        document = orjson.loads(path.read_bytes())
        named = f"{document['book']}@{date.fromisoformat(document['date']).isoformat()}"
        return [_tariff(row, str(document["currency"]), named) for row in document["prices"]]
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise ConfigurationError(f"price book {path.name}: {type(error).__name__}: {error}") from error


def _tariff(row: dict[str, Any], currency: str, book: str) -> Tariff:
    known = {"provider", "model", "aliases", "from", "until", "input", "cached_input", "cache_write", "output"}
    if unknown := set(row) - known:
        raise ValueError(f"unknown keys {sorted(unknown)}")
    price = _price(row["input"])
    return Tariff(
        provider=str(row["provider"]).lower(),
        models=tuple(str(name).lower() for name in (row["model"], *row.get("aliases", ()))),
        begins=date.fromisoformat(row["from"]),
        ends=date.fromisoformat(row["until"]) if row.get("until") else None,
        input=price,
        cached_input=_price(row["cached_input"]) if "cached_input" in row else price,
        cache_write=_price(row["cache_write"]) if "cache_write" in row else price,
        output=_price(row["output"]),
        currency=currency,
        book=book,
    )


def _price(value: Any) -> Decimal:
    if not isinstance(value, str):
        raise TypeError("a price is a decimal string, so that no digit is lost")
    amount = Decimal(value)
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{value!r} is not a price")
    return amount
