"""Callers with signed tokens, client certificates and issued keys, through the official SDKs, in a product of two workers."""

from __future__ import annotations

import hashlib
import http.client
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest

from audit.store.batch import leaves_from
from tests.e2e.product import Product, prepare, running
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
    assert caught.value.response.headers["www-authenticate"] == "Bearer"
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
    until(lambda: all(holds(product, new) for _ in range(3)), 60)
    assert holds(product, old)
    idp.by_key = {"": Reply(body=jwks(key("two")))}
    until(lambda: all(fails(product, old) for _ in range(3)), 60)
    assert holds(product, new)
    idp.by_key = {"": Reply(body=jwks(key("one"), key("two")))}
    until(lambda: all(holds(product, token(key("one"))) for _ in range(5)), 60)


def test_a_purpose_can_be_said_beside_a_token(product: Product) -> None:
    presented = token(key("one"), sub="somebody")
    answer = httpx.post(
        f"{product.url}/v1/chat/completions",
        headers={
            "Authorization": f"Bearer {presented}",
            "Lexgate-Purpose": "hiring",
            "Content-Type": "application/json",
        },
        content=json.dumps({"model": "echo", "messages": [{"role": "user", "content": "x"}]}),
        timeout=30,
    )
    assert answer.status_code == 200
    assert product.record(answer.headers["lexgate-flow"])["pub"]["purpose"] == "hiring"


def test_tokens_stand_in_no_log(product: Product) -> None:
    presented = token(key("one"), sub="secretive.person")
    ask(product, presented)
    refused(product, token(key("stranger"), sub="secretive.stranger"))
    assert presented not in product.log()
    assert presented.split(".")[2] not in product.log()
    assert "secretive" not in product.log()


# --- issued keys ---


def key_of(product: Product, *arguments: str) -> dict[str, Any]:
    made = product.lexgate("key", *arguments, "--json")
    assert made.returncode == 0, made.stderr
    return dict(json.loads(made.stdout.splitlines()[-1]))


def api(product: Product, path: str, body: dict[str, Any] | None = None, key: str = "") -> httpx.Response:
    headers = {"Authorization": f"Bearer {key or product.operator_key}"}
    if body is None:
        return httpx.get(product.control_url + path, headers=headers, timeout=30)
    return httpx.post(product.control_url + path, headers=headers, json=body, timeout=30)


def test_a_key_by_command_is_issued_rotated_and_revoked_in_all_workers(product: Product) -> None:
    made = key_of(product, "issue", "--application", "crm", "--user", "new.user", "--country", "FR")
    until(lambda: holds(product, made["key"]), 5)
    record = product.record(ask(product, made["key"])["lexgate-flow"])
    assert (record["subj"]["user"], record["subj"]["party"], record["pub"]["from"]) == (
        "new.user",
        made["key_id"],
        "FR",
    )
    second = key_of(product, "rotate", made["key_id"], "--grace", "0")
    until(lambda: holds(product, second["key"]) and fails(product, made["key"]), 5)
    refused(product, made["key"])
    key_of(product, "revoke", second["key_id"])
    until(lambda: fails(product, second["key"]), 5)
    listed = [json.loads(line) for line in product.lexgate("key", "list", "--json").stdout.splitlines()]
    assert {key["key_id"]: key["active"] for key in listed if key["user"] == "new.user"} == {
        made["key_id"]: False, second["key_id"]: False,
    }  # fmt: skip
    ended = product.lexgate("key", "rotate", second["key_id"])
    assert (ended.returncode, "has ended" in ended.stderr) == (2, True)
    assert product.lexgate("key", "revoke", "0" * 16).returncode == 2
    assert product.lexgate("key", "issue", "--application", "nobody", "--user", "u", "--country", "DE").returncode == 2


def test_a_key_by_the_api_is_issued_rotated_with_grace_and_revoked(product: Product) -> None:
    made = api(product, "/api/keys", {"application": "other", "user": "u", "country": "DE"}).json()
    until(lambda: holds(product, made["key"]), 5)
    second = api(product, f"/api/keys/{made['key_id']}/rotate", {"grace_seconds": 2}).json()
    until(lambda: holds(product, second["key"]), 5)
    assert holds(product, made["key"]) or fails(product, made["key"])
    until(lambda: fails(product, made["key"]), 10)
    assert holds(product, second["key"])
    revoked = api(product, f"/api/keys/{second['key_id']}/revoke", {})
    assert (revoked.status_code, revoked.json()["active"]) == (200, False)
    until(lambda: fails(product, second["key"]), 5)
    listed = api(product, "/api/keys")
    assert made["key"] not in listed.text
    assert second["key"] not in listed.text
    assert api(product, f"/api/keys/{second['key_id']}/rotate", {"grace_seconds": 0}).status_code == 400
    assert api(product, f"/api/keys/{'0' * 16}/revoke", {}).status_code == 404
    assert api(product, "/api/keys", {"application": "nobody", "user": "u", "country": "DE"}).status_code == 400


def test_revoking_a_key_does_not_drop_its_running_call(product: Product) -> None:
    made = key_of(product, "issue", "--application", "crm", "--user", "streaming", "--country", "DE")
    until(lambda: holds(product, made["key"]), 5)
    with openai.OpenAI(base_url=f"{product.url}/v1", api_key=made["key"], max_retries=0) as sdk:
        stream = sdk.chat.completions.create(
            model="canned-40x/slow-100ms", messages=[{"role": "user", "content": "x"}], stream=True
        )
        said = [next(stream)]
        key_of(product, "revoke", made["key_id"])
        until(lambda: fails(product, made["key"]), 5)
        said += list(stream)
    text = "".join(choice.delta.content or "" for chunk in said for choice in chunk.choices)
    assert text == "word " * 40


def test_a_key_of_the_configuration_can_be_revoked_for_good(product: Product) -> None:
    configured = product.callers["site"].key
    assert holds(product, configured)
    key_of(product, "revoke", hashlib.sha256(configured.encode()).hexdigest()[:16])
    until(lambda: fails(product, configured), 5)
    assert product.stop() == 0
    offline = key_of(product, "issue", "--application", "crm", "--user", "offline", "--country", "DE")
    product.start()
    assert fails(product, configured)
    assert holds(product, offline["key"])


def test_calls_of_others_go_on_while_keys_change(product: Product) -> None:
    stop, answers = threading.Event(), []

    def call() -> None:
        with httpx.Client(timeout=60) as client:
            body = json.dumps({"model": "echo", "messages": [{"role": "user", "content": "x"}]})
            while not stop.is_set():
                url = f"{product.url}/v1/chat/completions"
                answers.append(client.post(url, headers=product.headers("crm"), content=body).status_code)

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        made = api(product, "/api/keys", {"application": "crm", "user": "u", "country": "DE"}).json()
        api(product, f"/api/keys/{made['key_id']}/rotate", {"grace_seconds": 0})
        api(product, f"/api/keys/{made['key_id']}/revoke", {})
    stop.set()
    for thread in threads:
        thread.join()
    assert len(answers) > 10
    assert set(answers) == {200}


def test_a_file_of_issued_keys_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    """Closed, not open: it might say which keys are revoked."""
    product = prepare(tmp_path, "http://127.0.0.1:1", tmp_path / "none", {})
    (tmp_path / "issued-keys.json").write_text("{")
    started = product.lexgate("serve", "--config", str(product.config_file))
    assert started.returncode != 0
    assert "issued-keys.json: not a file of issued keys" in started.stderr


def test_every_change_is_a_leaf_that_names_the_key_and_holds_none(product: Product) -> None:
    made = api(product, "/api/keys", {"application": "crm", "user": "leaf.user", "country": "DE"}).json()
    second = api(product, f"/api/keys/{made['key_id']}/rotate", {"grace_seconds": 0}).json()
    key_of(product, "revoke", second["key_id"])
    assert product.lexgate("audit", "verify").returncode == 0
    with sqlite3.connect(f"file:{product.folder / 'lexgate.db'}?mode=ro", uri=True) as store:
        leaves = [(json.loads(leaf[1]), json.loads(leaf[2])) for leaf in leaves_from(store)]
        everything = b"".join(data for (data,) in store.execute("select data from batch"))
    changes = [told["pub"] for entry, told in leaves if entry["k"] == "key"]
    operator = hashlib.sha256(product.operator_key.encode()).hexdigest()[:16]
    said = {"application": "crm", "tenant": "acme"}
    assert changes[-3:] == [
        said | {"action": "issue", "key_id": made["key_id"], "by": operator},
        said | {"action": "rotate", "key_id": second["key_id"], "replaces": made["key_id"], "by": operator},
        said | {"action": "revoke", "key_id": second["key_id"], "by": "command line"},
    ]
    for secret in (made["key"], second["key"], "leaf.user"):
        assert secret.encode() not in everything
    for place in (product.log(), (product.folder / "issued-keys.json").read_text()):
        assert made["key"] not in place
        assert second["key"] not in place
