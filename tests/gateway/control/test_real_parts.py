"""The same endpoints over the real log, a real inspector and builtin:strict."""

from __future__ import annotations

import hashlib

import httpx
import pytest

from audit.verify import verify_proof
from gateway.control.models import Record, RecordPage, Trace
from gateway.control.operators import Role
from gateway.control.tiles import format_path
from tests.gateway.control.parts import ACME_KEY, KEYS, TWO_KEY, document, flow_id
from tests.gateway.control.real import ORIGIN, Real


def ask(real: Real, path: str, key: str = KEYS[Role.AUDITOR], **params: str) -> httpx.Response:
    return httpx.get(real.url + path, params=params or None, headers={"Authorization": f"Bearer {key}"}, timeout=20)


def post(real: Real, path: str, body: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {KEYS[Role.SECURITY]}"}
    return httpx.post(real.url + path, json=body, headers=headers, timeout=20)


def pages(real: Real, key: str, q: str) -> list[str]:
    flows, after = [], ""
    while True:
        answer = ask(real, "/api/records", key, q=q, limit="7", **({"after": after} if after else {}))
        assert answer.status_code == 200, answer.text
        page = RecordPage.model_validate(answer.json())
        flows += [record.flow for record in page.records]
        if page.next is None:
            return flows
        after = page.next


def test_a_record_is_the_documented_object(real: Real) -> None:
    answer = ask(real, f"/api/records/{real.flows[0]}")
    record = Record.model_validate(answer.json())
    assert (record.flow, record.status, record.pub["decision"]) == (real.flows[0], "completed", "redact")
    assert record.subj["tenant"] == "acme"
    assert answer.json() == real.records.get(real.flows[0])


def test_all_pages_together_are_the_log(real: Real) -> None:
    assert pages(real, KEYS[Role.AUDITOR], "") == real.flows[::-1]
    assert pages(real, KEYS[Role.AUDITOR], "tenant:globex grade>=L3 entity:PERSON") == real.flows[1::2][::-1]
    assert pages(real, KEYS[Role.AUDITOR], "grade<L3") == []


def test_a_tenant_sees_its_own(real: Real) -> None:
    assert pages(real, ACME_KEY, "") == real.flows[::2][::-1]
    assert pages(real, ACME_KEY, "tenant:globex") == []
    assert pages(real, TWO_KEY, "") == real.flows[::-1]
    hidden, missing = (ask(real, f"/api/records/{flow}", ACME_KEY) for flow in (real.flows[1], flow_id(5)))
    assert (hidden.status_code, hidden.content) == (404, missing.content)
    assert ask(real, f"/api/records/{real.flows[1]}/proof", ACME_KEY).status_code == 404
    assert ask(real, f"/api/records/{real.flows[1]}/trace", ACME_KEY).status_code == 404
    assert Trace.model_validate(ask(real, f"/api/records/{real.flows[0]}/trace", ACME_KEY).json()).tenant == "acme"


@pytest.mark.parametrize(
    "q", ['"', "-", "a:", "grade>L", 'user:"', "since:yesterday", "colour:red", "user>a", "-since:2026-01-01"]
)
def test_a_query_that_cannot_be_read_is_named(real: Real, q: str) -> None:
    for key in (KEYS[Role.AUDITOR], ACME_KEY):
        answer = ask(real, "/api/records", key, q=q)
        assert (answer.status_code, q.strip('"') in answer.text) == (400, True)


def test_a_proof_verifies_offline(real: Real) -> None:
    proof = ask(real, f"/api/records/{real.flows[3]}/proof").json()
    assert verify_proof(proof, real.vkey).ok
    proof["leaves"][0]["groups"]["pub"]["value"] = proof["leaves"][0]["groups"]["pub"]["value"].replace(
        "redact", "allow"
    )
    assert not verify_proof(proof, real.vkey).ok


def test_the_tiles_lead_to_the_checkpoint(real: Real) -> None:
    origin, size, *_ = ask(real, "/log/checkpoint").text.splitlines()
    assert origin == ORIGIN
    width = min(int(size), 256)
    path = format_path(0, width)
    hashes = ask(real, f"/log/tile/0/{path}").content
    bundle = ask(real, f"/log/tile/entries/{path}").content
    assert len(hashes) == 32 * width
    for number in range(width):
        length = int.from_bytes(bundle[:2])
        entry, bundle = bundle[2 : 2 + length], bundle[2 + length :]
        assert hashlib.sha256(b"\0" + entry).digest() == hashes[32 * number : 32 * number + 32]
    assert bundle == b""


def test_inspection_finds_and_grades(real: Real) -> None:
    text = "张伟的手机号是13812345678，身份证11010519491231002X"
    answer = post(real, "/api/inspect", {"text": text, "lang": "zh"}).json()
    found = {span["label"]: text[span["start"] : span["end"]] for span in answer["spans"]}
    assert found["PHONE"] == "13812345678"
    assert found["CN_ID"] == "11010519491231002X"
    assert answer["grade"] == "L4"
    assert "personal" in answer["categories"]
    assert post(real, "/api/inspect", {"text": "The weather is fine."}).json()["grade"] == "L1"


def test_many_people_raise_the_grade(real: Real) -> None:
    one = "mail a@example.org " * 12
    many = " ".join(f"mail person{number}@example.org" for number in range(12))
    assert post(real, "/api/inspect", {"text": one}).json()["grade"] == "L3"
    assert post(real, "/api/inspect", {"text": many}).json()["grade"] == "L4"


def test_the_strict_bundle_decides(real: Real) -> None:
    clean = post(real, "/api/decide", document()).json()
    assert clean["bundle"].startswith("sha256:")
    personal = document()
    personal["data"] |= {"grade": "L3", "categories": ["personal"], "entities": {"PERSON": 1}}
    personal["data"]["subjects"] = personal["data"]["subjects"] | {"pi": 1}
    decided = post(real, "/api/decide", personal)
    assert decided.status_code == 200, decided.text
    assert decided.json()["decision"] != "allow"
    assert decided.json()["citations"]


def test_metrics(real: Real) -> None:
    assert 'lexgate_grades_total{grade="L3"} 1.0' in ask(real, "/metrics", KEYS[Role.OPERATOR]).text
