"""Secrets by what they are assigned to."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("X-Api-Key: 7Hs9dK2lQ0pWzX8vBn4mTy6u", "7Hs9dK2lQ0pWzX8vBn4mTy6u"),
        ('"client_secret": "c1b2a3948576ffeeddccbbaa99887766"', "c1b2a3948576ffeeddccbbaa99887766"),
        ("我的密钥：Qw8sX2kd93Lmz0PaTy7vRb41", "Qw8sX2kd93Lmz0PaTy7vRb41"),
        ("高德地图key=8b0e7153bf7c3706d85c524e44006655", "8b0e7153bf7c3706d85c524e44006655"),
        ("the deploy key is 9a6656c90bd5482a90a29b9fa5ff5180bc0dbc0e", "9a6656c90bd5482a90a29b9fa5ff5180bc0dbc0e"),
        ("阶跃星辰的key是YdfQLBcrZQy6sFTCjdSc5Hx7piYNiS4C", "YdfQLBcrZQy6sFTCjdSc5Hx7piYNiS4C"),
        ("AppSecret 8b0e7153bf7c3706d85c524e44006655", "8b0e7153bf7c3706d85c524e44006655"),
        ("access AKIA secret YdfQLBcrZQy6sFTCjdSc5Hx7piYNiS4C region", "YdfQLBcrZQy6sFTCjdSc5Hx7piYNiS4C"),
        ("HEROKU_API_KEY=15637ebb-8e3b-91d2-6ab4-a829a95249f5", "15637ebb-8e3b-91d2-6ab4-a829a95249f5"),
        ("方舟的 API Key 是 15637ebb-8e3b-91d2-6ab4-a829a95249f5", "15637ebb-8e3b-91d2-6ab4-a829a95249f5"),
        ("Authorization: SSWS 00YdfQLBcrZQy6sFTCjdSc5Hx7piYNiS4C", "00YdfQLBcrZQy6sFTCjdSc5Hx7piYNiS4C"),
        ("clé API : 6zq7OftNUaKPwT8Ry6S2raseTb6DezNK", "6zq7OftNUaKPwT8Ry6S2raseTb6DezNK"),
        ("the next - token: 7Hs9dK2lQ0pWzX8vBn4mTy6u", "7Hs9dK2lQ0pWzX8vBn4mTy6u"),
        ("in each row -- key: 7Hs9dK2lQ0pWzX8vBn4mTy6u", "7Hs9dK2lQ0pWzX8vBn4mTy6u"),
        ("豆包的 key 是 ad8db9be-1ade-06d4-d1fe-630af7228904", "ad8db9be-1ade-06d4-d1fe-630af7228904"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("API_KEY", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "commit 9f8a7c6e5d4b3a2918273645546372819a0b1c2d",
        "token = get_token(user)",
        "api_key=${API_KEY_ENV}",
        '"key_vault_name": "web21prqodx24021"',
        "keyVaultToStoreSecrets: cmp2-qat-1208358310",
        "sumOfExposures = 3Kof2VffNQ0QgYIhXUPJosVlCaQKm2hfpWE6F1fT9YGY74blQB",
        "secret_length = X25519.secret_length",
        "clientId = 73082700-1f09-405b-80d0-3131bfd6272d",
        "idempotency_key: 15637ebb-8e3b-91d2-6ab4-a829a95249f5",
        "api_key: 550e8400-e29b-41d4-a716-446655440000",
        "the key is to understand_the_whole_problem",
        "a secret somewhere_in_the_configuration",
        "next-token: 7Hs9dK2lQ0pWzX8vBn4mTy6u",
        "The cache key is 5f4dcc3b5aa765d61d8327deb882cf99",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("API_KEY", text) == []
