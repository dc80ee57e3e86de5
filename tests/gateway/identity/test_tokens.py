"""Which tokens are believed, and for how long."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Unauthenticated, Unavailable
from gateway.identity.port import NOT_VALID, NoTokens, looks_like_token
from gateway.identity.tokens import Tokens
from tests.gateway.identity.issuer import AUDIENCE, ISSUER, claims, jwks, key, settings, token


@pytest.fixture
def keys(tmp_path):
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(jwks(key("rsa"), key("ec", "ES256"), key("ed", "EdDSA"))))
    return file


def tokens(keys, clock=time.time, **issuer) -> Tokens:
    return Tokens(settings(jwks_file=str(keys), **issuer), clock)


async def refused(verifier: Tokens, presented: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await verifier.verify(presented.encode())
    assert verifier.known(presented.encode()) is None
    return caught.value.message


def b64(data: object) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize(("name", "algorithm"), [("rsa", "RS256"), ("ec", "ES256"), ("ed", "EdDSA")])
async def test_a_good_token_stands_for_its_principal_and_is_known_from_then_on(keys, name, algorithm):
    verifier = tokens(keys)
    presented = token(key(name), algorithm).encode()
    assert looks_like_token(presented)
    assert verifier.known(presented) is None
    entry = await verifier.verify(presented)
    assert (entry.principal.user, entry.principal.tenant) == ("li.wei", "acme")
    assert [limit.name for limit in entry.limits] == [f"principal:{entry.principal.key_id}", "tenant:acme"]
    assert verifier.known(presented) is entry


async def test_it_is_known_until_it_expires_and_no_longer(keys):
    now = time.time()
    verifier = tokens(keys, lambda: now, leeway_seconds=30)
    presented = token(key("rsa"), exp=int(now) + 60).encode()
    await verifier.verify(presented)
    now += 80
    assert verifier.known(presented)
    now += 15
    assert verifier.known(presented) is None
    assert await refused(verifier, presented.decode()) == "the token has expired"


@pytest.mark.parametrize(
    ("more", "believed"),
    [
        ({"exp": -20}, True), ({"exp": -40}, False), ({"nbf": 20}, True), ({"nbf": 40}, False),
        ({"iat": 20}, True), ({"iat": 40}, False),
    ],
)  # fmt: skip
async def test_clocks_may_differ_by_the_leeway(keys, more, believed):
    verifier = tokens(keys, leeway_seconds=30)
    presented = token(key("rsa"), **{name: int(time.time()) + offset for name, offset in more.items()})
    if believed:
        assert await verifier.verify(presented.encode())
    else:
        await refused(verifier, presented)


async def test_a_token_that_holds_too_long(keys):
    verifier = tokens(keys, longest_seconds=3600, leeway_seconds=0)
    assert await verifier.verify(token(key("rsa"), exp=int(time.time()) + 3590).encode())
    for end in (int(time.time()) + 3700, 10**18, 1e300):
        assert "longer" in await refused(verifier, token(key("rsa"), exp=end))


@pytest.mark.parametrize(
    "more",
    [
        {"exp": None}, {"exp": "never"}, {"aud": None}, {"aud": "other"}, {"aud": ["other"]}, {"aud": {"a": 1}},
        {"iss": None}, {"iss": "https://evil.example/"}, {"iss": ISSUER + "x"}, {"iss": [ISSUER]}, {"nbf": "x"},
        {"iat": []}, {"sub": None}, {"azp": "nobody"}, {"country": None},
    ],
)  # fmt: skip
async def test_wrong_claims(keys, more):
    await refused(tokens(keys), token(key("rsa"), **more))


async def test_one_of_several_audiences_is_enough(keys):
    assert await tokens(keys).verify(token(key("rsa"), aud=["other", AUDIENCE]).encode())


async def test_no_signature_at_all(keys):
    for algorithm in ("none", "None", "NONE", ""):
        head, body = b64({"alg": algorithm, "kid": "rsa"}), b64(claims())
        for signature in ("", b64(b"x")):
            assert await refused(tokens(keys), f"{head}.{body}.{signature}") == NOT_VALID


async def test_a_public_key_taken_for_a_shared_secret(keys):
    """The classic: HS256 with the issuer's published key as the secret."""
    head, body = b64({"alg": "HS256", "kid": "rsa"}), b64(claims())
    secrets = [key("rsa").as_pem(private=False), json.dumps(key("rsa").as_dict(private=False)).encode()]
    for secret in secrets:
        signature = b64(hmac.new(secret, f"{head}.{body}".encode(), hashlib.sha256).digest())
        assert await refused(tokens(keys), f"{head}.{body}.{signature}") == NOT_VALID


async def test_an_algorithm_the_issuer_does_not_use(keys):
    verifier = tokens(keys, algorithms=["RS256"])
    assert await verifier.verify(token(key("rsa")).encode())
    assert await refused(verifier, token(key("rsa"), "PS256")) == NOT_VALID
    assert await refused(verifier, token(key("ec"), "ES256")) == NOT_VALID


async def test_a_key_of_another_kind_than_the_algorithm(keys):
    head, body = b64({"alg": "ES256", "kid": "rsa"}), b64(claims())
    assert await refused(tokens(keys), f"{head}.{body}.{b64(bytes(64))}") == NOT_VALID


async def test_a_key_that_says_what_it_is_for(tmp_path):
    only = key("only-rs256", alg="RS256")
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(jwks(only)))
    verifier = tokens(file, algorithms=["RS256", "RS512"])
    assert await verifier.verify(token(only).encode())
    head, body = b64({"alg": "RS512", "kid": only.kid}), b64(claims())
    assert await refused(verifier, f"{head}.{body}.{b64(bytes(256))}") == NOT_VALID


async def test_anothers_signature_under_the_right_key_id(keys):
    stranger = key("stranger")
    assert await refused(tokens(keys), token(stranger, header={"kid": "rsa"})) == NOT_VALID
    assert await refused(tokens(keys), token(stranger)) == NOT_VALID


async def test_keys_that_the_token_brings_along_are_not_looked_at(keys):
    stranger = key("stranger")
    for header in (
        {"jwk": stranger.as_dict(private=False)},
        {"jku": "http://127.0.0.1:1/jwks.json"},
        {"x5u": "http://127.0.0.1:1/x"},
    ):
        assert await refused(tokens(keys), token(stranger, header=header | {"kid": "rsa"})) == NOT_VALID


async def test_critical_extensions_are_not_understood(keys):
    _, body, signature = token(key("rsa")).split(".")
    odd = b64({"alg": "RS256", "kid": "rsa", "crit": ["exp"], "exp": 1})
    assert await refused(tokens(keys), f"{odd}.{body}.{signature}") == NOT_VALID


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "application/at+JWT", "JOSE", None])
async def test_a_token_says_that_it_is_one_for_callers_or_nothing(keys, kind):
    assert await tokens(keys).verify(token(key("rsa"), header={"typ": kind}).encode())


@pytest.mark.parametrize("kind", ["logout+jwt", "dpop+jwt", "secevent+jwt", "application/oauth-authz-req+jwt", ""])
async def test_another_statement_of_the_issuer_is_no_token_of_a_caller(keys, kind):
    assert await refused(tokens(keys), token(key("rsa"), header={"typ": kind})) == NOT_VALID


async def test_claims_cannot_be_exchanged_under_a_signature(keys):
    head, _, signature = token(key("rsa")).split(".")
    assert await refused(tokens(keys), f"{head}.{b64(claims(sub='admin'))}.{signature}") == NOT_VALID


async def test_without_a_key_id_only_where_there_is_one_key(keys, tmp_path):
    assert await refused(tokens(keys), token(key("rsa"), header={"kid": None})) == NOT_VALID
    alone = tmp_path / "alone.json"
    alone.write_text(json.dumps(jwks(key("rsa"))))
    assert await tokens(alone).verify(token(key("rsa"), header={"kid": None}).encode())


async def test_keys_that_are_known_outlive_a_reload_while_their_source_is_away(keys):
    before = tokens(keys)
    await before.verify(token(key("rsa")).encode())
    keys.unlink()
    after = Tokens(settings(jwks_file=str(keys), user="claim:azp"), before=before)
    assert (await after.verify(token(key("rsa")).encode())).principal.user == "crm"
    with pytest.raises(Unavailable):
        await Tokens(settings(jwks_file=str(keys), stale_seconds=7), before=before).verify(token(key("rsa")).encode())


async def test_without_an_issuer_no_token_stands_for_anybody():
    with pytest.raises(Unauthenticated):
        await NoTokens().verify(token(key("rsa")).encode())
    assert NoTokens().known(token(key("rsa")).encode()) is None


async def test_without_keys_nobody_is_believed(tmp_path):
    with pytest.raises(Unavailable):
        await tokens(tmp_path / "absent.json").verify(token(key("rsa")).encode())


@given(st.data())
def test_any_bit_flipped_is_refused(data):
    """Also a check of base64url: a byte that decodes to the same token is the same token."""
    import asyncio
    import tempfile
    from pathlib import Path

    good = token(key("ed", "EdDSA"), "EdDSA").encode()
    at = data.draw(st.integers(0, len(good) - 3))  # the last two characters carry bits that base64 drops
    other = data.draw(st.sampled_from(b"AZaz09-_.="))
    if good[at] == other:
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "jwks.json"
        file.write_text(json.dumps(jwks(key("ed", "EdDSA"))))
        asyncio.run(refused(tokens(file), (good[:at] + bytes([other]) + good[at + 1 :]).decode()))


@given(st.binary(max_size=300) | st.lists(st.binary(max_size=60), min_size=3, max_size=3).map(b".".join))
def test_any_bytes_are_refused_as_such(presented):
    import asyncio
    from pathlib import Path

    verifier = tokens(Path("/nowhere/jwks.json"))
    with pytest.raises(Unauthenticated):
        asyncio.run(verifier.verify(presented))


async def test_numbers_that_are_none_and_tokens_without_end(keys):
    head = b64({"alg": "RS256", "kid": "rsa"})
    body = b64(b'{"iss":"%s","aud":"lexgate","exp":NaN}' % ISSUER.encode())
    assert await refused(tokens(keys), f"{head}.{body}.{b64(bytes(256))}") == NOT_VALID
    assert "larger" in await refused(tokens(keys), "eyJ" + "a" * 20_000 + ".e30.e30")
