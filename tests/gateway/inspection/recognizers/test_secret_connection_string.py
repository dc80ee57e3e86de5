"""Connection strings that carry a password."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("url: mysql://root:k6gHrXprD25@db.internal:3306/crm end", "mysql://root:k6gHrXprD25@db.internal:3306/crm"),
        ("Server=db1;User Id=sa;Password=Zq9!x8;", "Server=db1;User Id=sa;Password=Zq9!x8;"),
        (
            "jdbc:oracle:thin:scott/tiger42X@//db.acme.io:1521/ORCL",
            "jdbc:oracle:thin:scott/tiger42X@//db.acme.io:1521/ORCL",
        ),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("CONNECTION_STRING", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "mysql://user:password@host/db",
        "postgres://${USER}:${PASS}@db/x",
        "https://example.com:8080/a@b",
        "jdbc:oracle:thin:@db.acme.io:1521/ORCL",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("CONNECTION_STRING", text) == []
