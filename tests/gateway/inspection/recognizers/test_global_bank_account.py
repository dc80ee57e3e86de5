"""Bank account and routing numbers."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("account 3809343705, routing 022076973", "3809343705"),
        ("sort code 12-34-56", "12-34-56"),
        ("对公账户：4402 0036 0900 0123 456", "4402 0036 0900 0123 456"),
        ("口座番号 6638343", "6638343"),
        ("계좌번호 국민은행 123456-04-202070", "123456-04-202070"),
        ("conta corrente 34567-8", "34567-8"),
        ("戶口號碼 012-345-6-789012", "012-345-6-789012"),
        ("bank a/c DBS 012-345678-9", "012-345678-9"),
        ("匯款至帳號 65059365008875", "65059365008875"),
        ("S/C 404784", "404784"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("BANK_ACCOUNT", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "order number 3809343705",
        "account opened 2024-01-02",
        "the bank has 12 branches",
        "账号密码 551903",
        "a conta de luz 2024-1",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("BANK_ACCOUNT", text) == []
