"""Overlaps: one answer for each character, nothing of the names tier lost."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.flow import Span
from gateway.inspection.overlap import resolve

LABELS = ["PERSON", "ADDRESS", "PHONE", "EMAIL", "CN_ID", "PRIVATE_KEY", "LOCATION"]

spans = st.builds(
    lambda start, length, label, score, names: Span(
        start, start + length, label, score / 10, "names" if names else "pattern"
    ),
    st.integers(0, 40),
    st.integers(1, 12),
    st.sampled_from(LABELS),
    st.integers(1, 10),
    st.booleans(),
)


def test_the_surer_wins_then_the_longer():
    phone, bank = Span(3, 14, "PHONE", 0.9, "cn_phone"), Span(3, 14, "BANK_ACCOUNT", 0.6, "bank")
    assert resolve("tel13912345678", [bank, phone]) == [phone]
    short, long = Span(0, 4, "PERSON", 0.9, "a"), Span(0, 8, "PERSON", 0.9, "a")
    assert resolve("Ann Bell", [short, long]) == [long]


def test_a_container_wins_over_what_stands_in_it():
    url, host = Span(0, 20, "CONNECTION_STRING", 0.9, "u"), Span(10, 18, "IP_ADDRESS", 0.95, "i")
    assert resolve("x" * 20, [host, url]) == [url]


def test_the_rest_of_an_address_stays():
    address, phone = Span(0, 20, "ADDRESS", 0.6, "names"), Span(12, 20, "PHONE", 0.9, "p")
    assert resolve("12 Main Road 5551234", [address, phone]) == [Span(0, 12, "ADDRESS", 0.6, "names"), phone]


def test_places_inside_an_address_do_not_take_it_to_pieces():
    address = Span(3, 14, "ADDRESS", 0.7, "address")
    city, street = Span(3, 6, "LOCATION", 0.79, "names"), Span(11, 14, "LOCATION", 0.85, "names")
    assert resolve("地址在广州市荔湾区恩宁路99号", [city, address, street]) == [address]
    surer = Span(6, 14, "ADDRESS", 0.88, "names")  # then the place beside it is still told
    assert resolve("地址在广州市荔湾区恩宁路99号", [city, address, surer]) == [city, surer]


@given(st.lists(spans, max_size=12), st.randoms())
def test_disjoint_ordered_and_independent_of_order(found, random):
    text = "abc " * 15
    chosen = resolve(text, found)
    assert all(left.end <= right.start for left, right in pairwise(chosen))
    shuffled = list(found)
    random.shuffle(shuffled)
    assert resolve(text, shuffled) == chosen


@given(st.lists(spans, min_size=1, max_size=12))
def test_the_best_span_always_stands(found):
    text = "a" * 60
    chosen = resolve(text, found)
    assert chosen
    assert any(span in found for span in chosen)
