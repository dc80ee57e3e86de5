"""Tenants do not exist for one another: the same content from two of them, and whatever one could learn of the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from gateway.commands.key import new_key
from tests.e2e.product import Product, canned_provider, end, prepare, running
from tests.gateway.identity.issuer import AUDIENCE, ISSUER, jwks, key, token
from tests.providers.stage import Reply, Stage

pytestmark = pytest.mark.e2e

PEOPLE = "Our customers: 张伟, 手机 13800138000, 李秀英, 手机 13912345678."
ALLOWANCE = {"x-ratelimit-remaining-requests": "7", "anthropic-ratelimit-tokens-remaining": "99", "x-request-id": "r1"}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as made:
        yield made


@pytest.fixture(scope="module")
def scoped() -> dict[str, tuple[str, str]]:
    """A key and its hash for an operator of each tenant."""
    return {tenant: new_key("operator") for tenant in ("acme", "globex")}


@pytest.fixture(scope="module")
def product(
    tmp_path_factory: pytest.TempPathFactory, stage: Stage, scoped: dict[str, tuple[str, str]]
) -> Iterator[Product]:
    folder: Path = tmp_path_factory.mktemp("lexgate")
    (folder / "jwks.json").write_text(json.dumps(jwks(key("one"))))
    issuer = {"issuer": ISSUER, "audiences": [AUDIENCE], "jwks_file": "./jwks.json", "country": "claim:country"}
    record = folder / "provider.jsonl"
    with canned_provider(record) as url:
        product = prepare(folder, url, record, {"policies": {"bundle": "builtin:lawful"}, "issuers": [issuer]})
        product.config["providers"] = [
            {"name": "stage", "base_url": stage.url, "jurisdiction": "DE", "models": ["staged"]},
            {"name": "abroad", "base_url": url, "jurisdiction": "SG", "models": ["echo"]},
        ]
        product.config["operators"] += [
            {"name": f"{tenant}.officer", "key_sha256": digest, "roles": ["security"], "tenants": [tenant]}
            for tenant, (_, digest) in scoped.items()
        ]
        product.write_config()
        try:
            product.start()
            yield product
        finally:
            end(product)


CALLERS = {"acme": "crm", "globex": "other"}


def ask(product: Product, tenant: str, content: str, model: str = "echo") -> openai.LegacyAPIResponse[Any]:
    presented = token(key("one"), azp=CALLERS[tenant], sub="same.person", country="CN")
    sdk = openai.OpenAI(base_url=f"{product.url}/v1", api_key=presented, max_retries=0)
    return sdk.chat.completions.with_raw_response.create(model=model, messages=[{"role": "user", "content": content}])


def counted(product: Product, answer: Any) -> tuple[int, int]:
    """Distinct people before a call and those it added, as policy saw them."""
    facts = product.record(answer.headers["lexgate-flow"])["facts"]
    return facts["counters"]["cn_pi_ytd"], facts["data"]["new_subjects"]["pi"]


def look(product: Product, path: str, operator_key: str) -> httpx.Response:
    return httpx.get(product.control_url + path, headers={"Authorization": f"Bearer {operator_key}"}, timeout=30)


def test_people_that_one_tenant_exported_are_new_for_the_other(product: Product) -> None:
    before, added = counted(product, ask(product, "acme", PEOPLE))
    assert before == 0
    assert added > 0
    assert counted(product, ask(product, "acme", PEOPLE)) == (added, 0)
    assert counted(product, ask(product, "globex", PEOPLE)) == (0, added)


def test_no_answer_of_one_tenant_is_given_to_the_other(product: Product) -> None:
    sent = len(product.requests())
    flows = {ask(product, tenant, "the very same question").headers["lexgate-flow"] for tenant in CALLERS}
    assert len(product.requests()) == sent + 2
    digests = [product.record(flow)["digest"] for flow in flows]
    for name in ("received", "forwarded", "response", "delivered"):
        assert digests[0][name] != digests[1][name]


def test_subjects_and_principals_of_two_tenants_cannot_be_linked(product: Product) -> None:
    mine, theirs = (product.record(ask(product, tenant, PEOPLE).headers["lexgate-flow"])["subj"] for tenant in CALLERS)
    assert mine["subjects"]
    assert not set(mine["subjects"]) & set(theirs["subjects"])
    assert mine["user"] == theirs["user"]
    assert mine["party"] != theirs["party"]


def test_an_operator_of_one_tenant_finds_nothing_of_the_other(
    product: Product, scoped: dict[str, tuple[str, str]]
) -> None:
    flows = {tenant: ask(product, tenant, PEOPLE).headers["lexgate-flow"] for tenant in CALLERS}
    for flow in flows.values():
        product.record(flow)
    operator_key = scoped["globex"][0]
    found = look(product, "/api/records?limit=200", operator_key).json()["records"]
    assert {record["subj"]["tenant"] for record in found} == {"globex"}
    for query in ("tenant:acme", f"flow:{flows['acme']}", "application:crm"):
        assert look(product, f"/api/records?q={query}", operator_key).json() == {"records": [], "next": None}
    absent = look(product, f"/api/records/{flows['acme'][:-4]}0000", operator_key)
    foreign = look(product, f"/api/records/{flows['acme']}", operator_key)
    assert (foreign.status_code, foreign.content) == (absent.status_code, absent.content) == (404, absent.content)
    assert look(product, f"/api/records/{flows['acme']}/proof", operator_key).status_code == 404
    assert look(product, f"/api/records/{flows['globex']}", operator_key).status_code == 200


def test_an_operator_of_one_tenant_cannot_touch_the_others_keys(
    product: Product, scoped: dict[str, tuple[str, str]]
) -> None:
    headers = {"Authorization": f"Bearer {scoped['globex'][0]}"}
    listed = {tenant: look(product, "/api/keys", scoped[tenant][0]).json()["keys"] for tenant in CALLERS}
    assert {entry["tenant"] for entry in listed["globex"]} == {"globex"}
    foreign = listed["acme"][0]["key_id"]
    answers = [
        httpx.post(f"{product.control_url}/api/keys/{key_id}/revoke", headers=headers, timeout=30)
        for key_id in (foreign, "0" * 16)
    ]
    assert answers[0].status_code == answers[1].status_code == 404
    assert answers[0].content == answers[1].content
    wish = {"application": "crm", "user": "u", "country": "DE"}
    refused = [
        httpx.post(f"{product.control_url}/api/keys", headers=headers, json=wish | {"application": name}, timeout=30)
        for name in ("crm", "nobody")
    ]
    assert refused[0].status_code == refused[1].status_code == 400
    assert refused[0].content == refused[1].content


def test_a_common_allowance_at_the_provider_is_told_to_no_tenant(product: Product, stage: Stage) -> None:
    stage.play(Reply(200, ALLOWANCE), Reply(429, ALLOWANCE | {"retry-after": "60"}))
    told = ask(product, "acme", "hello", "staged").headers
    assert told["x-request-id"] == "r1"
    assert not [name for name in told if "ratelimit" in name]
    with pytest.raises(openai.RateLimitError) as caught:
        ask(product, "globex", "hello", "staged")
    assert caught.value.response.headers["retry-after"] == "60"
    assert not [name for name in caught.value.response.headers if "ratelimit" in name]


def test_a_tenant_over_its_limit_leaves_the_other_alone(tmp_path: Path) -> None:
    with running(tmp_path, limits={"tenant_calls_per_minute": 4}) as product:
        answers = [
            product.chat("hello", caller=caller) for caller in ("crm", "site", "crm", "site", "crm", "site", "crm")
        ]
        assert 429 in {answer.status_code for answer in answers}
        other = product.chat("hello", caller="other")
        assert other.status_code == 200
        assert not [name for name in other.headers if "limit" in name]


def test_a_single_tenant_is_told_its_own_allowance(tmp_path: Path, stage: Stage) -> None:
    with running(
        tmp_path,
        applications=[{"name": name, "tenant": "acme"} for name in ("crm", "site", "other", "peking")],
        providers=[{"name": "stage", "base_url": stage.url, "jurisdiction": "DE"}],
    ) as product:
        stage.play(Reply(200, ALLOWANCE))
        assert product.chat("hello").headers["x-ratelimit-remaining-requests"] == "7"
