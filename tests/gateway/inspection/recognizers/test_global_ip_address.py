"""IPv4 and IPv6 addresses that can belong to somebody; versions that look like them are left alone."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("server 119.64.3.7 is down", "119.64.3.7"),
        ("ip=2001:db8:85a3::8a2e:370:7334 ", "2001:db8:85a3::8a2e:370:7334"),
        ("İP: 10.20.30.31", "10.20.30.31"),
        ("CLİENT 10.20.30.31", "10.20.30.31"),
        ("ſsh 10.20.30.31", "10.20.30.31"),
        ("inet addr 116.20.30.31/24", "116.20.30.31"),
        ("host 116.20.0.0", "116.20.0.0"),
        ("ssh deploy@51.15.220.8", "51.15.220.8"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("IP_ADDRESS", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "Firmware 3.12.6.1",
        "numpy==25.7.10.3",
        "127.0.0.1",
        "route 10.20.0.0/16 via eth0",
        "203.0.113.0/24",
        "std::a::b at 12:30:45",
        "react@51.15.220.8",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("IP_ADDRESS", text) == []
