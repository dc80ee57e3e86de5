"""The query language of search: `key:value` terms separated by spaces, all of which must hold.

    tenant:acme decision:block -to:DE grade>=L3 since:2026-11-01 entity:PERSON

`-` negates a term, `grade` also takes `>= > <= <`, a value with spaces stands in double quotes. `since` and `until`
take a date or an ISO time (UTC unless it says otherwise); `until` is exclusive.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Select, and_, exists, not_, select

from audit.errors import QueryInvalid
from audit.store.schema import flow, tag

COLUMNS = {
    "flow": flow.c.flow,
    "tenant": flow.c.tenant,
    "user": flow.c.usr,
    "application": flow.c.application,
    "grade": flow.c.grade,
    "decision": flow.c.decision,
    "status": flow.c.status,
    "from": flow.c.from_,
    "to": flow.c.to_,
    "provider": flow.c.provider,
    "model": flow.c.model,
}
TAGS = frozenset({"entity", "rule", "category", "parent"})
TIMES = frozenset({"since", "until"})
GRADES = ("L1", "L2", "L3", "L4", "L5")
STATUSES = ("open", "completed", "denied", "failed", "aborted", "interrupted")
CHOICES = {"grade": GRADES, "status": STATUSES}
"""Keys with few values: a slip there must not read as "there is none"."""
KEYS = (*COLUMNS, *sorted(TAGS), *sorted(TIMES))

_TOKEN = re.compile(r'\S*?"[^"]*"\S*|\S+')
_TERM = re.compile(r"(-?)([A-Za-z_]+)(:|>=|<=|>|<)(.*)", re.DOTALL)
_ORDER: dict[str, Callable[[ColumnElement[str], str], ColumnElement[bool]]] = {
    ">=": lambda column, value: column >= value,
    "<=": lambda column, value: column <= value,
    ">": lambda column, value: column > value,
    "<": lambda column, value: column < value,
}


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: `operator` is ":" or, for grades, a comparison."""

    key: str
    operator: str
    value: str
    negated: bool = False

    def __str__(self) -> str:
        value = f'"{self.value}"' if " " in self.value or not self.value else self.value
        return f"{'-' if self.negated else ''}{self.key}{self.operator}{value}"


def parse(text: str) -> tuple[Term, ...]:
    """The terms of a query; QueryInvalid names the token that is not one."""
    return tuple(_term(token) for token in _TOKEN.findall(text))


def _term(token: str) -> Term:
    match = _TERM.fullmatch(token)
    if match is None:
        raise QueryInvalid(token, "expected key:value")
    minus, key, operator, value = match.groups()
    key = key.lower()
    if key not in KEYS:
        raise QueryInvalid(token, f"unknown key; known are {' '.join(KEYS)}")
    if operator != ":" and key != "grade":
        raise QueryInvalid(token, "only grade can be compared")
    if value.startswith('"') and value.endswith('"') and len(value) > 1:
        value = value[1:-1]
    if '"' in value:
        raise QueryInvalid(token, "a quote must be closed and stand around the whole value")
    if "\x00" in value:
        raise QueryInvalid(token, "a value has no NUL")
    if not value and match[4] != '""':
        raise QueryInvalid(token, "a value is missing")
    if key in CHOICES and value not in CHOICES[key]:
        raise QueryInvalid(token, f"{key} is one of {' '.join(CHOICES[key])}")
    if key in TIMES:
        if minus:
            raise QueryInvalid(token, "since and until cannot be negated")
        _time_us(token, value)
    return Term(key, operator, value, bool(minus))


def _time_us(token: str, value: str) -> int:
    try:
        time = datetime.fromisoformat(value)
    except ValueError as error:
        raise QueryInvalid(token, "not a date or ISO time") from error
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    try:
        return round(time.timestamp() * 1_000_000)
    except (OverflowError, ValueError) as error:
        raise QueryInvalid(token, "a time out of range") from error


def compile_query(terms: tuple[Term, ...], after: tuple[int, int] | None, limit: int) -> Select[tuple[int, int]]:
    """A select of (time_us, seq) in descending order, after the cursor, at most `limit` rows."""
    conditions: list[ColumnElement[bool]] = []
    driver = next((t for t in terms if t.key in TAGS and not t.negated), None)
    for term in terms:
        if term is driver:
            continue
        condition = _condition(term)
        conditions.append(not_(condition) if term.negated else condition)
    # One positive tag term drives the scan: its table is in the order of the answer, so rare values stay fast.
    time_us, seq = (tag.c.time_us, tag.c.seq) if driver else (flow.c.time_us, flow.c.seq)
    if after is not None:
        conditions.append((time_us < after[0]) | and_(time_us == after[0], seq < after[1]))
        conditions.append(time_us <= after[0])  # the part of it that an index can use
    query = select(time_us, seq)
    if driver is not None:
        query = query.select_from(tag.join(flow, flow.c.seq == tag.c.seq))
        conditions += [tag.c.kind == driver.key, tag.c.value == driver.value]
    return query.where(*conditions).order_by(time_us.desc(), seq.desc()).limit(limit)


def _condition(term: Term) -> ColumnElement[bool]:
    if term.key == "since":
        return flow.c.time_us >= _time_us(str(term), term.value)
    if term.key == "until":
        return flow.c.time_us < _time_us(str(term), term.value)
    if term.key in TAGS:
        other = tag.alias()
        return exists().where(
            other.c.kind == term.key,
            other.c.value == term.value,
            other.c.time_us == flow.c.time_us,
            other.c.seq == flow.c.seq,
        )
    column = COLUMNS[term.key]
    if term.operator == ":":
        return column == term.value
    return and_(column != "", _ORDER[term.operator](column, term.value))
