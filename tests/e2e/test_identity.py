"""Callers with signed tokens, client certificates and issued keys, through the official SDKs, in a product of two workers."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator

import anthropic
import httpx
import openai
import pytest

from tests.e2e.product import Product, running
from tests.gateway.identity.issuer import AUDIENCE, ISSUER, jwks, key, token
from tests.providers.stage import Reply, Stage

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def idp() -> Iterator[Stage]:
    with Stage() as stage:
        stage.by_key = {"": Reply(body=jwks(key("one")))}
        yield stage


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, idp: Stage) -> Iterator[Product]:
    issuer = {
        "issuer": ISSUER, "audiences": [AUDIENCE], "jwks_url": f"{idp.url}/jwks", "country": "claim:country",
        "tenant": "claim:org", "refetch_seconds": 0.5, "refresh_seconds": 0.5,
    }  # fmt: skip
    with running(tmp_path_factory.mktemp("lexgate"), workers=2, issuers=[issuer]) as started:
        yield started


def ask(product: Product, credential: str, content: str = "hello") -> dict[str, str]:
    """One call by the OpenAI SDK on a connection of its own; the answer's header fields."""
    with openai.OpenAI(base_url=f"{product.url}/v1", api_key=credential, max_retries=0) as sdk:
        raw = sdk.chat.completions.with_raw_response.create(
            model="echo", messages=[{"role": "user", "content": content}]
        )
        assert raw.parse().choices[0].message.content == content
        return dict(raw.headers)


def refused(product: Product, credential: str) -> openai.AuthenticationError:
    with pytest.raises(openai.AuthenticationError) as caught:
        ask(product, credential)
    assert (caught.value.status_code, caught.value.code) == (401, "lexgate_unauthenticated")
    return caught.value


def holds(product: Product, credential: str) -> bool:
    """Whether the credential opens the gateway."""
    return _answers(product, credential) == {200}


def fails(product: Product, credential: str) -> bool:
    """Whether the credential is refused."""
    return _answers(product, credential) == {401}


def _answers(product: Product, credential: str) -> set[int]:
    """On twelve connections, so that both workers are asked."""
    answers = set()
    for _ in range(12):
        connection = http.client.HTTPConnection(product.config["listen"]["data"], timeout=30)
        connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {credential}"})
        answers.add(connection.getresponse().status)
        connection.close()
    return answers


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "did not happen in time"
        time.sleep(0.05)


# --- signed tokens ---


def test_a_token_stands_for_its_principal_in_both_families(product: Product) -> None:
    presented = token(key("one"), sub="li.wei", country="FR")
    record = product.record(ask(product, presented)["lexgate-flow"])
    assert record["pub"]["from"] == "FR"
    assert {name: record["subj"][name] for name in ("tenant", "application", "user")} == {
        "tenant": "acme", "application": "crm", "user": "li.wei",
    }  # fmt: skip
    claude = anthropic.Anthropic(base_url=product.url, api_key=presented, max_retries=0)
    said = claude.messages.create(model="echo", max_tokens=20, messages=[{"role": "user", "content": "hi"}])
    assert said.content[0].text == "hi"
    bearer = anthropic.Anthropic(base_url=product.url, auth_token=presented, max_retries=0)
    assert bearer.messages.create(model="echo", max_tokens=20, messages=[{"role": "user", "content": "hi"}])
    assert holds(product, presented)


@pytest.mark.parametrize(
    "presented",
    [
        lambda: token(key("stranger"), header={"kid": "one"}),
        lambda: token(key("one"), exp=int(time.time()) - 60),
        lambda: token(key("one"), nbf=int(time.time()) + 600),
        lambda: token(key("one"), aud="somebody-else"),
        lambda: token(key("one"), iss="https://evil.example/"),
        lambda: token(key("one"), org="globex"),
        lambda: token(key("one"), azp="nobody"),
        lambda: token(key("one"), country="Atlantis"),
        lambda: token(key("one"), "PS256"),
        lambda: token(key("one"))[:-20],
        lambda: "eyJhbGciOiJub25lIn0." + token(key("one")).split(".")[1] + ".",
        lambda: "eyJ.eyJ.eyJ",
    ],
)
def test_any_other_token_is_refused_in_the_familys_own_form(product: Product, presented: Callable[[], str]) -> None:
    sent = len(product.requests())
    error = refused(product, presented())
    assert error.type == "authentication_error"
    claude = anthropic.Anthropic(base_url=product.url, api_key=presented(), max_retries=0)
    with pytest.raises(anthropic.AuthenticationError) as caught:
        claude.messages.create(model="echo", max_tokens=20, messages=[{"role": "user", "content": "hi"}])
    assert caught.value.body["error"]["type"] == "authentication_error"
    assert fails(product, presented())
    assert len(product.requests()) == sent


def test_the_issuers_keys_are_rotated(product: Product, idp: Stage) -> None:
    old, new = token(key("one")), token(key("two"))
    assert holds(product, old)
    refused(product, new)
    idp.by_key = {"": Reply(body=jwks(key("one"), key("two")))}
    until(lambda: holds(product, new))
    assert holds(product, old)
    idp.by_key = {"": Reply(body=jwks(key("two")))}
    until(lambda: fails(product, old))
    assert holds(product, new)
    idp.by_key = {"": Reply(body=jwks(key("one"), key("two")))}
    until(lambda: holds(product, token(key("one"))))


def test_a_purpose_can_be_said_beside_a_token(product: Product) -> None:
    presented = token(key("one"), sub="somebody")
    flow = httpx.post(
        f"{product.url}/v1/chat/completions",
        headers={
            "Authorization": f"Bearer {presented}",
            "Lexgate-Purpose": "hiring",
            "Content-Type": "application/json",
        },
        content=json.dumps({"model": "echo", "messages": [{"role": "user", "content": "x"}]}),
        timeout=30,
    ).headers["lexgate-flow"]
    assert product.record(flow)["pub"]["purpose"] == "hiring"


def test_tokens_stand_in_no_log(product: Product) -> None:
    presented = token(key("one"), sub="secretive.person")
    ask(product, presented)
    refused(product, token(key("stranger"), sub="secretive.stranger"))
    assert presented not in product.log()
    assert presented.split(".")[2] not in product.log()
    assert "secretive" not in product.log()
