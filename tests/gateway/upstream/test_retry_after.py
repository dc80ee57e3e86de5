"""When a provider wants to be asked again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream.retry_after import FARTHEST, forbids_retry, retry_after

NOW = 1_790_000_000.0  # Mon, 21 Sep 2026 14:13:20 GMT


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Mon, 21 Sep 2026 14:13:50 GMT"}, 30.0),
        ({"retry-after": "Mon, 21 Sep 2026 14:13:00 GMT"}, 0.0),
        ({"retry-after": "9" * 20}, FARTHEST),
        ({"retry-after": "9" * 40}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "٣"}, None),
        ({}, None),
    ],
)
def test_forms(headers, seconds):
    assert retry_after(headers, NOW) == seconds


@given(st.text(max_size=60))
def test_whatever_is_said_is_a_bounded_time_or_nothing(text):
    seconds = retry_after({"retry-after": text, "retry-after-ms": text}, NOW)
    assert seconds is None or 0 <= seconds <= FARTHEST


def test_should_retry():
    assert forbids_retry({"x-should-retry": "False"})
    assert not forbids_retry({"x-should-retry": "true"})
    assert not forbids_retry({})
