"""Destroying a user's key makes the erasable groups unreadable; leaf, proof and log still verify."""

from __future__ import annotations

import asyncio

import orjson
import pysqlite3.dbapi2 as sqlite

from audit.store.inspect import verify_store
from audit.verify import verify_proof
from tests.audit.lab import Lab, intent, new_flow, outcome, settle


async def test_erasing_one_user(lab: Lab) -> None:
    log, hers, his = await lab.connect(), new_flow(), new_flow()
    for flow, user in ((hers, "li.wei"), (his, "max")):
        await log.append(intent(flow, user=user))
        await log.append(outcome(flow, user=user))
    await log.append(settle((hers, his)))
    await log.close()
    await asyncio.to_thread(lab.stop)
    before = lab.records().proof(hers)
    his_before = lab.records().get(his)

    connection = sqlite.connect(str(lab.store), isolation_level=None)
    connection.execute("pragma secure_delete=on")
    connection.execute("update user_key set usr = '', wrapped = x'' where tenant = 'acme' and usr = 'li.wei'")
    connection.execute("update flow set usr = '', application = '' where tenant = 'acme' and usr = 'li.wei'")
    connection.close()

    record = lab.records().get(hers)
    assert record is not None
    assert record["erased"] == ["digest", "facts", "subj"]
    assert (record["facts"], record["subj"], record["digest"]) == ({}, {}, {})
    assert record["pub"]["decision"] == "redact"
    assert [r["flow"] for r in lab.records().find(f"tenant:acme flow:{hers}").records] == [hers]
    assert lab.records().find("user:li.wei").records == []
    assert record["meter"]["price"]["amount"] == "0.000012"

    document = lab.records().proof(hers)
    assert document is not None
    assert "PLANTED" not in orjson.dumps(document).decode()
    result = verify_proof(document, lab.vkey)
    assert result.problems == []
    assert "leaf 1: group facts is withheld or erased" in result.steps
    assert before is not None
    assert [leaf["entry"] for leaf in document["leaves"]] == [leaf["entry"] for leaf in before["leaves"]]
    assert verify_store(lab.store, lab.keyring).problems == []

    assert lab.records().get(his) == his_before
    his_proof = lab.records().proof(his)
    assert his_proof is not None
    assert verify_proof(his_proof, lab.vkey).problems == []
    assert "digest" in his_proof["leaves"][2]["groups"]


async def test_a_group_can_be_withheld_from_a_proof(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    await log.append(intent(flow))
    document = lab.records().proof(flow)
    assert document is not None
    leaf = document["leaves"][0]
    del leaf["groups"]["facts"]
    assert not verify_proof(document, lab.vkey).ok
    leaf["withheld"].append("facts")
    assert verify_proof(document, lab.vkey).ok
