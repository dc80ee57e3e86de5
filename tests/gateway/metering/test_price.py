"""Prices: the same as the public data's own calculation, to the last digit; and how sure the match is."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from genai_prices import Usage as PackageUsage
from genai_prices.data_snapshot import get_snapshot

from gateway.errors import ConfigurationError
from gateway.flow import Usage
from gateway.metering.price import Match, PriceBook

AT = int(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp() * 1_000_000)
USAGE = Usage(input=1000, cached_input=10, output=100)


def test_the_demo_has_a_tariff_of_its_own() -> None:
    price = PriceBook().price("demo", "SmolLM2-135M", Usage(input=31, output=17), AT)
    assert price.as_dict() == {
        "amount": "0.0000099",
        "currency": "USD",
        "match": "exact",
        "book": "lexgate-demo@2026-11-24",
    }


@pytest.mark.parametrize(
    ("provider", "model", "match", "entry"),
    [
        ("openai", "gpt-4o", Match.EXACT, ""),
        ("openai", "gpt-4o-2024-08-06", Match.ALIAS, "openai/gpt-4o"),
        ("anthropic", "claude-sonnet-4-5-20250929", Match.ALIAS, "anthropic/claude-sonnet-4-5"),
        ("anthropic", "claude-sonnet-4-5-super", Match.FUZZY, "anthropic/claude-sonnet-4-5"),
        ("minimax", "MiniMax-M2.5", Match.ALIAS, "minimax/MiniMax-M2"),  # listed under M2: the record says so
        ("my-own-cluster", "gpt-4o", Match.FUZZY, "openai/gpt-4o"),  # another house's price
        ("openai", "gpt-99", Match.NONE, ""),
        ("demo", "no-such-model", Match.NONE, ""),
    ],
)
def test_how_a_model_was_found_is_part_of_its_price(provider: str, model: str, match: Match, entry: str) -> None:
    price = PriceBook().price(provider, model, USAGE, AT)
    assert (price.match, price.entry) == (match, entry)
    assert bool(price.amount) == (match is not Match.NONE)


def test_every_price_equals_the_public_calculation() -> None:
    book, chance, compared = PriceBook(), random.Random(7), 0
    at = datetime.fromtimestamp(AT / 1e6, UTC)
    for provider in get_snapshot().providers:
        for model in chance.sample(provider.models, min(12, len(provider.models))):
            if provider.find_model(model.id) is not model:
                continue
            size = chance.choice([100, 200_001, 300_000])
            mine = book.price(provider.id, model.id, Usage(input=size, cached_input=50, cache_write=20, output=77), AT)
            theirs = PackageUsage(input_tokens=size, cache_read_tokens=50, cache_write_tokens=20, output_tokens=77)
            assert Decimal(mine.amount) == model.calc_price(theirs, provider, genai_request_timestamp=at).total_price
            compared += 1
    assert compared > 200


def test_a_book_of_ones_own_speaks_first_while_its_dates_hold(tmp_path: Path) -> None:
    book = tmp_path / "cny.json"
    row = {
        "provider": "openai",
        "model": "gpt-4o",
        "from": "2026-06-01",
        "until": "2026-12-01",
        "input": "20",
        "output": "80",
    }
    book.write_text(json.dumps({"book": "cny", "date": "2026-06-01", "currency": "CNY", "prices": [row]}))
    prices = PriceBook([book])
    assert prices.price("openai", "gpt-4o", USAGE, AT).currency == "CNY"
    assert prices.price("openai", "gpt-4o", USAGE, AT + 30 * 86_400_000_000).currency == "USD"


@pytest.mark.parametrize(
    "broken", [b"{", b'{"book":"b"}', b'{"book":"b","date":"2026-01-01","currency":"USD","prices":[{"input":1.5}]}']
)
def test_a_broken_book_is_named(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / "bad.json").write_bytes(broken)
    with pytest.raises(ConfigurationError, match=r"bad\.json"):
        PriceBook([tmp_path / "bad.json"])
