"""Search: the query language, pages, and equality with a search over all records in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import QueryInvalid
from audit.search.query import CHOICES, COLUMNS, TAGS, Term, parse
from audit.search.records import Records
from tests.audit.lab import Lab, eventually, intent, new_flow, outcome

values = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z"), exclude_characters='"'), min_size=1, max_size=8)
terms = st.one_of(
    st.builds(Term, st.sampled_from([*COLUMNS.keys() - CHOICES.keys(), *TAGS]), st.just(":"), values, st.booleans()),
    *[
        st.builds(Term, st.just(key), st.just(":"), st.sampled_from(known), st.booleans())
        for key, known in CHOICES.items()
    ],
)


@given(st.lists(terms, max_size=6))
def test_a_query_means_what_its_terms_say(wanted: list[Term]) -> None:
    assert parse(" ".join(map(str, wanted))) == tuple(wanted)


@given(st.text(max_size=40))
def test_any_text_is_understood_or_refused_by_name(text: str) -> None:
    try:
        parse(text)
    except QueryInvalid as error:
        assert error.token in text  # noqa: PT017 - most texts are refused, some are not


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("tenant:acme nonsense", "nonsense"), ("colour:red", "colour:red"), ("since:yesterday", "since:yesterday"),
        ("tenant>=a", "tenant>=a"), ("tenant:", "tenant:"), ('tenant:"a', 'tenant:"a'), ("-since:2026-01-01",) * 2,
        ("tenant:a\x00b",) * 2, ("grade>=L9",) * 2, ("grade:l3",) * 2, ("-status:complete",) * 2,
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named(text: str, token: str) -> None:
    with pytest.raises(QueryInvalid) as caught:
        parse(text)
    assert caught.value.token == token


def all_pages(records: Records, q: str, limit: int) -> list[str]:
    flows: list[str] = []
    after = None
    while True:
        page = records.find(q, after, limit)
        assert len(page.records) <= limit
        flows += [record["flow"] for record in page.records]
        if page.next is None:
            return flows
        after = page.next


async def test_pages_are_complete_and_newest_first(lab: Lab) -> None:
    log = await lab.connect()
    made = []
    for i in range(23):
        flow = new_flow()
        made.append(flow)
        draft = outcome(flow, "denied", grade=f"L{i % 5 + 1}", entities={"PERSON": 1} if i % 2 else {})
        await lab.has((await log.append(draft)).index)
    records = lab.records()
    for limit in (1, 2, 7, 23, 500):
        assert all_pages(records, "", limit) == made[::-1]
        assert all_pages(records, "entity:PERSON", limit) == made[1::2][::-1]


def _is(key: str, value: str) -> Callable[[dict[str, Any]], bool]:
    return lambda r: {**r["pub"], **r["subj"], "status": r["status"]}[key] == value


QUERIES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "tenant:acme": _is("tenant", "acme"),
    "-tenant:acme": lambda r: r["subj"]["tenant"] != "acme",
    "user:max status:completed": lambda r: r["subj"]["user"] == "max" and r["status"] == "completed",
    "status:open": _is("status", "open"),
    "grade>=L3": lambda r: r["pub"]["grade"] >= "L3",
    "grade<L3 to:US": lambda r: r["pub"]["grade"] < "L3" and r["pub"]["to"] == "US",
    "-grade>=L3": lambda r: r["pub"]["grade"] < "L3",
    "from:DE": _is("from", "DE"),
    "-from:DE": lambda r: r["pub"]["from"] != "DE",
    "entity:PHONE entity:PERSON": lambda r: {"PHONE", "PERSON"} <= r["pub"]["entities"].keys(),
    "entity:PERSON -entity:PHONE": lambda r: "PERSON" in r["pub"]["entities"] and "PHONE" not in r["pub"]["entities"],
    "-entity:PERSON": lambda r: "PERSON" not in r["pub"]["entities"],
    "rule:strict.personal": lambda r: "strict.personal" in [x["id"] for x in r["pub"]["rules"]],
    "category:personal": lambda r: "personal" in r["pub"]["categories"],
    "application:crm model:smollm2-135m": lambda _: True,
    "provider:other": lambda _: False,
    "since:2020-01-01 until:2100-01-01": lambda _: True,
    "until:2020-01-01": lambda _: False,
    "since:2100-01-01T00:00:00+08:00": lambda _: False,
    'application:"no such"': lambda _: False,
}


async def test_every_key_finds_what_a_scan_finds(lab: Lab) -> None:
    log = await lab.connect()

    async def one(i: int) -> None:
        more = {
            "grade": f"L{i % 5 + 1}",
            "to": "US" if i % 3 else "DE",
            "from": "CN" if i % 4 else "DE",
            "entities": {"PERSON": 1} if i % 3 == 0 else {"PERSON": 1, "PHONE": 2} if i % 3 == 1 else {},
            "categories": ["personal"] if i % 2 else [],
            "rules": [] if i % 5 else [{"id": "strict.personal", "citation": ""}],
        }
        who = {"tenant": "acme" if i % 2 else "umbrella", "user": "max" if i % 3 else "li.wei"}
        flow = new_flow()
        await log.append(intent(flow, **who, **more))
        if i % 4:
            await log.append(outcome(flow, **who, **more))

    await asyncio.gather(*(one(i) for i in range(60)))
    records = lab.records()
    # Of a burst like this one the projection tells a moment later.
    await eventually(lambda: len(records.find("status:completed", limit=500).records) == 45)
    everything = records.find("", limit=500).records
    assert len(everything) == 60
    for q, wanted in QUERIES.items():
        expected = [r["flow"] for r in everything if wanted(r)]
        assert all_pages(records, q, 7) == expected, q
    flow = everything[3]["flow"]
    assert all_pages(records, f"flow:{flow}", 7) == [flow]


async def test_a_cursor_that_is_none(lab: Lab) -> None:
    for cursor in ("x", "1", "1-2-3", "-1-2", "99999999999999999999-1"):
        with pytest.raises(QueryInvalid):
            lab.records().find("", cursor)
