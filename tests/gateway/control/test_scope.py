"""What an operator of some tenants sees, whatever was erased and however pages fall."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import QueryInvalid
from gateway.control.scope import MOST_PAGES, ScopedRecords
from tests.gateway.control.parts import MemoryRecords, Page, flow_id, record


class Erasable(MemoryRecords):
    """Search still knows the tenant of a record whose groups are erased, as the real store does."""

    def __init__(self, tenants: list[str], erased: set[int]) -> None:
        super().__init__([record(number, tenant) for number, tenant in enumerate(tenants)][::-1])
        self.erased = {flow_id(number) for number in erased}

    def shown(self, one):
        return one | {"subj": {}} if one["flow"] in self.erased else one

    def find(self, q: str = "", after: str | None = None, limit: int = 50) -> Page:
        page = super().find(q, after, limit)
        return Page([self.shown(one) for one in page.records], page.next)

    def get(self, flow: str):
        found = super().get(flow)
        return found and self.shown(found)


tenants_of_records = st.lists(st.sampled_from(["a", "b", "c"]), max_size=40)


@given(
    tenants_of_records, st.sets(st.integers(0, 39)), st.sets(st.sampled_from(["a", "b", "c", "d"])), st.integers(1, 9)
)
def test_exactly_its_tenants_records(tenants, erased, allowed, limit) -> None:
    seen = ScopedRecords(Erasable(tenants, erased), frozenset(allowed))
    flows, after = [], None
    while True:
        page = seen.find("", after, limit)
        assert len(page.records) <= limit
        flows += [one["flow"] for one in page.records]
        if (after := page.next) is None:
            break
    numbers = [number for number, tenant in enumerate(tenants) if tenant in allowed]
    assert flows == [flow_id(number) for number in numbers][::-1]
    for number in range(len(tenants)):
        assert (seen.get(flow_id(number)) is not None) == (number in numbers)
        assert (seen.proof(flow_id(number)) is not None) == (number in numbers)


def test_a_rare_tenant_gets_short_pages_rather_than_a_long_wait() -> None:
    store = Erasable(["other"] * (MOST_PAGES + 5) + ["mine"], set())
    store.kept.reverse()
    seen = ScopedRecords(store, frozenset({"mine", "also"}))
    first = seen.find("", None, 1)
    assert first.records == []
    assert first.next is not None
    flows, after = [], None
    for _ in range(5):
        page = seen.find("", after, 1)
        flows += page.records
        if (after := page.next) is None:
            break
    assert [one["subj"]["tenant"] for one in flows] == ["mine"]


def test_errors_of_the_query_pass_through() -> None:
    seen = ScopedRecords(Erasable(["a"], set()), frozenset({"a"}))
    with pytest.raises(QueryInvalid, match="colour:red"):
        seen.find("colour:red", None, 5)
