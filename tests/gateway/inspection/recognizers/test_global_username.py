"""User names in log lines, commands and settings."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("auth user=epowell17 ip=", "epowell17"),
        ("docker login -u dking66 -p x", "dking66"),
        ("用户kellyolivia登录失败", "kellyolivia"),
        ("他的微信号是zw_8888，", "zw_8888"),
        ("加我微信：lin-1990x 详聊", "lin-1990x"),
        ("请加vx号 wang_min88", "wang_min88"),
        ("QQ 123456789。", "123456789"),
        ("我的QQ号是 3345678", "3345678"),
        ("Benutzername gast_buero.", "gast_buero"),
        ("utente m.rossi", "m.rossi"),
        ("usuário: tnogueira", "tnogueira"),
        ("POSTGRES_USER: billing", "billing"),
        ("net use Z: \\\\srv\\x /user:ACME\\kmiller secret", "kmiller"),
        ("UPI: priya.nair@okhdfcbank", "priya.nair@okhdfcbank"),
        ("linkedin.com/in/aniket-deshpande-42", "aniket-deshpande-42"),
        ('{"user": "shop_rw"}', "shop_rw"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("USERNAME", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "user=root",
        "user = get_user()",
        "用户:我姓王",
        "微信支付",
        "微信 miniprogram",
        "QQ 2024",
        "QQ音乐 10.0.1",
        "der Benutzer klickt",
        "usuario registrado",
        "postgresql+psycopg2cffi://user:pass",
        "UPI payments grew 45@year",
        '{"user": "everyone"}',
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("USERNAME", text) == []
