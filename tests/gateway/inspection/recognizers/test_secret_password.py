"""Passwords by what they are assigned to, in settings, commands and prose, English and Chinese."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("PGPASSWORD='Winter_96'", "Winter_96"),
        ("root密码是3dsX5rXJc4zGGAL*，帮", "3dsX5rXJc4zGGAL*"),
        ("my password is hunter2, ok", "hunter2"),
        ("docker login -u bob -p qwerty3468@ registry", "qwerty3468@"),
        ("Kennwort: K4rtoffel!", "K4rtoffel!"),
        ("Benutzer mhuber, Passwort Edelweiss-88", "Edelweiss-88"),
        ("mdp : soleil2024", "soleil2024"),
        ("clave: Toro*bravo9", "Toro*bravo9"),
        ("a senha do servidor é Feijoada!10", "Feijoada!10"),
        ("login dev password 760e0d49-4ba6-1b4e", "760e0d49-4ba6-1b4e"),
        ("My password used to be Fluffy2009! once", "Fluffy2009!"),
        ("the root pw for the NAS: synology_R0cks", "synology_R0cks"),
        ("我的邮箱密码改成了 liming1990 ", "liming1990"),
        ("门锁密码739201", "739201"),
        ("银行卡密码是551903", "551903"),
        ("my PIN is 4471", "4471"),
        ("login: jsmith77 / Tr0mb0ne!", "Tr0mb0ne!"),
        ('user.setPassword("Elephant$42");', "Elephant$42"),
        ("net use Z: \\\\srv\\x /user:ACME\\kmiller Blue$ky77", "Blue$ky77"),
        ("la contraseña de la base de datos: Sol&Luna22", "Sol&Luna22"),
        ("mot de passe admin : Ch0c0-lat", "Ch0c0-lat"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("PASSWORD", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "password = getpass()",
        'password: "<YOUR_PASSWORD>"',
        "the password must have 8 characters",
        "密码长度至少8位",
        "PASSWORD=${DB_PASSWORD}",
        "password SHA-256 hashes",
        "a password 12-character minimum",
        "PIN code 560011",
        "pin 4 is ground",
        "密码长度6到12位",
        "postgresql://user:password@host",
        "la clave del éxito",
        "the password reset-link2 expires",
        "Password requirements: 8-char",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("PASSWORD", text) == []
