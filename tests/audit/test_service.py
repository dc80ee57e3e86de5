"""A worker and a real log-writer process: what is acknowledged, refused, closed and kept."""

from __future__ import annotations

import asyncio
import time

import pytest

from audit.counters import CounterUse
from audit.errors import AppendRefused, LogUnavailable, RecordInvalid
from audit.record import LeafDraft, LeafKind
from audit.store.inspect import verify_store
from audit.store.journal import journal_path
from audit.verify import verify_proof
from tests.audit.lab import ORIGIN, Lab, eventually, intent, new_flow, outcome, settle

NOW = time.time_ns() // 1000


async def test_a_call_from_intent_to_settlement(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    first = await log.append(intent(flow))
    last = await log.append(outcome(flow))
    settled = await log.append(settle((flow,)))
    assert first.index < last.index < settled.index

    record = lab.records().get(flow)
    assert record is not None
    assert list(record) == [
        "flow",
        "time",
        "status",
        "intents",
        "outcome",
        "settle",
        "pub",
        "meter",
        "facts",
        "subj",
        "digest",
    ]
    assert record["status"] == "completed"
    assert record["intents"] == [{"attempt": 1, "leaf": first.index}]
    assert record["outcome"] == {"leaf": last.index}
    assert record["settle"] == {"leaf": settled.index}
    assert record["pub"]["decision"] == "redact"
    assert record["pub"]["labels"] == ["fingerprint"]
    assert record["meter"]["price"]["amount"] == "0.000012"
    assert record["facts"]["note"] == "PLANTEDFACT"
    assert record["subj"]["user"] == "li.wei"
    assert record["digest"] == {
        "received": "11" * 32,
        "forwarded": "22" * 32,
        "response": "33" * 32,
        "delivered": "44" * 32,
        "fingerprint": f"PLANTEDPRINT{flow}",
    }

    document = lab.records().proof(flow)
    assert document is not None
    assert verify_proof(document, lab.vkey).problems == []


async def test_a_flow_without_outcome_is_open(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    await log.append(intent(flow))
    record = lab.records().get(flow)
    assert record is not None
    assert (record["status"], record["outcome"], record["settle"]) == ("open", None, None)


async def test_a_denial_has_an_outcome_and_no_intent(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    await log.append(outcome(flow, "denied", decision="block"))
    record = lab.records().get(flow)
    assert record is not None
    assert (record["status"], record["intents"], record["pub"]["decision"]) == ("denied", [], "block")


async def test_a_failover_is_a_second_attempt_of_the_same_flow(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    await log.append(intent(flow, provider="first", to="US"))
    await log.append(intent(flow, attempt=2, provider="second", to="DE"))
    await log.append(outcome(flow, provider="second", to="DE"))
    record = lab.records().get(flow)
    assert record is not None
    assert [i["attempt"] for i in record["intents"]] == [1, 2]
    assert record["pub"]["provider"] == "second"
    assert [r["flow"] for r in lab.records().find("to:DE").records] == [flow]
    assert lab.records().find("to:US").records == []


async def test_a_second_outcome_is_refused_and_the_stream_goes_on(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    await log.append(intent(flow))
    await log.append(outcome(flow))
    with pytest.raises(AppendRefused, match="outcome already"):
        await log.append(outcome(flow, "failed"))
    with pytest.raises(AppendRefused, match="outcome already"):
        await log.append(intent(flow))
    other = new_flow()
    await log.append(outcome(other, "denied"))
    await log.close()
    assert lab.records().find("status:failed").records == []
    assert verify_store(lab.store, lab.keyring).problems == []


async def test_two_outcomes_in_one_batch_one_is_refused(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    answers = await asyncio.gather(
        log.append(outcome(flow, "denied")), log.append(outcome(flow, "failed")), return_exceptions=True
    )
    assert [type(a).__name__ for a in answers] == ["Receipt", "AppendRefused"]


async def test_a_worker_cannot_end_the_flow_of_another(lab: Lab) -> None:
    one, two, flow = await lab.connect("w0"), await lab.connect("w1"), new_flow()
    await one.append(intent(flow))
    with pytest.raises(AppendRefused, match="another worker"):
        await two.append(outcome(flow))
    await one.append(outcome(flow))


async def test_flows_of_a_worker_that_leaves_are_interrupted(lab: Lab) -> None:
    log, flow, done = await lab.connect(), new_flow(), new_flow()
    await log.append(intent(flow))
    await log.append(intent(done))
    await log.append(outcome(done))
    await log.close()
    await eventually(lambda: (lab.records().get(flow) or {})["status"] == "interrupted")
    record = lab.records().get(flow)
    assert record is not None
    assert record["pub"]["decision"] == "redact"
    assert record["subj"]["user"] == "li.wei"
    assert (lab.records().get(done) or {})["status"] == "completed"
    assert verify_store(lab.store, lab.keyring).problems == []


async def test_each_connection_is_a_new_epoch(lab: Lab) -> None:
    one = await lab.connect()
    await one.close()
    two = await lab.connect()
    assert (one.epoch, two.epoch) == (1, 2)


async def test_when_the_writer_dies_everything_pending_fails_and_lost_is_set(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    await log.append(intent(flow))
    lab.kill()
    await asyncio.wait_for(log.lost.wait(), 10)
    with pytest.raises(LogUnavailable):
        await log.append(outcome(flow))
    with pytest.raises(LogUnavailable):
        await log.reserve(flow, "acme", [], NOW)
    with pytest.raises(LogUnavailable):
        await lab.connect()

    lab.start()
    record = lab.records().get(flow)
    assert record is not None
    assert record["status"] == "interrupted"
    again = await lab.connect()
    assert again.epoch == 2
    with pytest.raises(AppendRefused):
        await again.append(outcome(flow))
    await again.close()
    assert verify_store(lab.store, lab.keyring).problems == []


async def test_an_epoch_can_be_given_up_at_once(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    await log.append(intent(flow))
    waiting = asyncio.ensure_future(log.append(outcome(flow)))
    await asyncio.sleep(0)
    log.abort()
    assert log.lost.is_set()
    with pytest.raises(LogUnavailable):
        await waiting
    await eventually(lambda: (lab.records().get(flow) or {})["status"] in ("interrupted", "completed"))
    again = await lab.connect()
    assert again.epoch == 2


async def test_a_draft_that_cannot_be_a_record_is_refused_before_it_is_sent(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    for groups in ({"pub": {"x": 1.5}}, {"other": {}}, {"pub": {"ключ": 1}}, {"pub": {"x": 1 << 53}}):
        with pytest.raises(RecordInvalid):
            await log.append(LeafDraft(LeafKind.INTENT, flow, NOW, "acme", "li.wei", groups))
    await log.append(intent(flow))
    await log.append(outcome(flow))


async def test_leaves_of_one_turn_are_sealed_together_and_one_that_cannot_be_takes_no_other_with_it(lab: Lab) -> None:
    pytest.importorskip("audit._frames", reason="the C extension was not built")
    log, flows = await lab.connect(), [new_flow() for _ in range(5)]
    unwritable = intent(new_flow())._replace(attempt=None)  # type: ignore[arg-type]
    odd = new_flow() + '"'  # a name that JSON escapes
    answers = await asyncio.gather(
        *(log.append(draft) for draft in (*map(intent, flows[:3]), unwritable, intent(odd), *map(intent, flows[3:]))),
        return_exceptions=True,
    )
    assert isinstance(answers[3], RecordInvalid)
    receipts = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert len(receipts) == 6
    assert [f'"n":{n},' in receipt.entry.decode() for n, receipt in enumerate(receipts)] == [True] * 6
    await asyncio.gather(*(log.append(outcome(flow)) for flow in (*flows, odd)))
    await log.close()
    assert verify_store(lab.store, lab.keyring).problems == []


async def test_any_number_of_unusual_leaves_of_one_turn_are_sealed(lab: Lab) -> None:
    log = await lab.connect()
    flows = [new_flow() + '"' for _ in range(1_200)]  # more than calls of Python can stand in one another
    receipts = await asyncio.gather(*(log.append(intent(flow)) for flow in flows))
    assert [receipt.entry.count(b'"n":%d,' % n) for n, receipt in enumerate(receipts)] == [1] * len(flows)


async def test_leaves_that_were_gathered_when_the_epoch_ends_fail(lab: Lab) -> None:
    log = await lab.connect()
    waiting = log.append(intent(new_flow()))
    log.abort()
    with pytest.raises(LogUnavailable):
        await waiting
    with pytest.raises(LogUnavailable):
        await log.append(intent(new_flow()))


async def test_what_is_released_after_a_leaf_was_appended_is_released_after_it(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    use = CounterUse("pi", "2026", frozenset({"a"}))
    await log.reserve(flow, "acme", [use], NOW)
    waiting = log.append(intent(flow), reservation=flow, keep={"pi": ["a"]})
    await log.release(flow)  # whoever waited for the leaf was cancelled: the leaf goes all the same
    await waiting
    await log.append(outcome(flow))
    (state,) = await log.reserve(new_flow(), "acme", [use], NOW)
    assert (state.before, state.new) == (1, 0)


async def test_reservations_count_what_others_hold_and_are_freed(lab: Lab) -> None:
    one, two = await lab.connect("w0"), await lab.connect("w1")
    a, b = new_flow(), new_flow()

    def use(*subjects: str) -> list[CounterUse]:
        return [CounterUse("cn_pi", "2026", frozenset(subjects))]

    (state,) = await one.reserve(a, "acme", use("s1", "s2"), NOW)
    assert (state.before, state.new) == (0, 2)
    (state,) = await two.reserve(b, "acme", use("s2", "s3"), NOW)
    assert (state.before, state.new) == (2, 1)
    (state,) = await two.reserve(b, "umbrella", use("s2"), NOW)
    assert (state.before, state.new) == (0, 1)

    await one.append(intent(a), reservation=a, keep={"cn_pi": ["s1"]})
    (state,) = await two.reserve(b, "acme", use("s1", "s2"), NOW)
    assert (state.before, state.new) == (1, 1)
    await two.release(b)
    (state,) = await one.reserve(a, "acme", use(), NOW)
    assert (state.before, state.new) == (1, 0)

    await two.reserve(b, "acme", use("s9"), NOW)
    await two.close()
    (state,) = await one.reserve(a, "acme", use(), NOW)
    assert (state.before, state.new) == (1, 0)
    with pytest.raises(AppendRefused, match="not reserved"):
        await one.append(intent(new_flow()), reservation=a, keep={"cn_pi": ["s7"]})


async def test_counters_survive_the_writer(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    uses = [CounterUse("us_health:x", "rolling12m", frozenset({"s1", "s2"}))]
    await log.reserve(flow, "acme", uses, NOW)
    await log.append(intent(flow), reservation=flow, keep={"us_health:x": {"s1", "s2"}})
    lab.kill()
    lab.start()
    (state,) = await (await lab.connect()).reserve(new_flow(), "acme", uses, NOW)
    assert (state.before, state.new) == (2, 0)


async def test_nothing_erasable_stands_readable_in_the_store(lab: Lab) -> None:
    log = await lab.connect()
    for _ in range(20):
        flow = new_flow()
        await log.append(intent(flow))
        await log.append(outcome(flow))
        await log.append(settle((flow,)))
    await asyncio.gather(*(log.append(intent(new_flow())) for _ in range(64)))
    await log.append(outcome(new_flow()))
    assert journal_path(lab.store).exists()
    for path in (lab.store, lab.store.with_name("lexgate.db-wal"), journal_path(lab.store)):
        assert b"PLANTED" not in path.read_bytes()
        assert b"lexgate/input@1" not in path.read_bytes()


async def test_a_worker_that_breaks_the_protocol_is_cut_off_and_nobody_else(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    await log.append(intent(flow))
    for bad in (
        b"\x00\x00\x00\x05\x02junk",
        b"\xff\xff\xff\xff\x01",
        b"\x00\x00\x00\x03\x01{}",
        b"\x00\x00\x00\x01\x63",
    ):
        reader, writer = await asyncio.open_unix_connection(str(lab.socket))
        writer.write(bad)
        assert await reader.read() == b""
        writer.close()
    await log.append(outcome(flow))


@pytest.mark.parametrize("kind", [LeafKind.OPEN, LeafKind.CLOSE, LeafKind.VOID, LeafKind.LOSS])
async def test_a_worker_cannot_say_what_only_the_log_may_say(lab: Lab, kind: LeafKind) -> None:
    log = await lab.connect()
    forged = {"writer": "w0", "epoch": 1, "count": 0, "reason": "forged"}
    with pytest.raises(LogUnavailable):
        await log.append(LeafDraft(kind, "", NOW, "", "", {}, plain=forged))
    await (await lab.connect("w1")).append(outcome(new_flow(), "denied"))


async def test_the_log_as_tiles(lab: Lab) -> None:
    log = await lab.connect()
    await asyncio.gather(*(log.append(outcome(new_flow(), "denied")) for _ in range(600)))
    await log.close()
    await asyncio.to_thread(lab.stop)
    records = lab.records()
    assert records.checkpoint().startswith(f"{ORIGIN}\n")
    assert len(records.tile(0, 0) or b"") == 256 * 32
    assert len(records.tile(1, 0, 2) or b"") == 2 * 32
    assert records.tile(1, 0, 3) is None
    assert len(records.tile(0, 2, 17) or b"") == 17 * 32
    assert (records.entries(2, 5) or b"")[2:3] == b"{"
    assert verify_store(lab.store, lab.keyring).problems == []


async def test_the_log_verifies_while_it_is_written(lab: Lab) -> None:
    log = await lab.connect()
    stop = asyncio.Event()

    async def load() -> None:
        while not stop.is_set():
            flow = new_flow()
            await log.append(intent(flow))
            await log.append(outcome(flow))

    tasks = [asyncio.ensure_future(load()) for _ in range(8)]
    for _ in range(5):
        await asyncio.sleep(0.3)
        assert (await asyncio.to_thread(verify_store, lab.store, lab.keyring)).problems == []
    stop.set()
    await asyncio.gather(*tasks)
