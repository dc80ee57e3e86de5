"""The index follows the log: what was recorded is found, a destroyed key's entries go, another log begins anew."""

from __future__ import annotations

import asyncio
import base64
import struct

import pysqlite3.dbapi2 as sqlite
import pytest

from audit.made import follow as follower
from audit.made.follow import entries_of, erase_flows, follow, rebuild
from audit.made.index import Made, MadeIndex, index_path
from audit.store.reindex import reindex
from tests.audit.conftest import lab as lab
from tests.audit.lab import Lab, eventually, intent, new_flow, outcome, settle

MARKS = (3, 5, 1 << 63)


def printed(flows: tuple[str, ...], marks: tuple[int, ...] = MARKS):
    draft = settle(flows)
    fingerprint = base64.urlsafe_b64encode(struct.pack(f"<{len(marks)}Q", *marks)).rstrip(b"=").decode()
    digest = [{"flow": flow, "fingerprint": fingerprint, "text": f"{number:064x}"} for number, flow in enumerate(flows)]
    return draft._replace(groups={**draft.groups, "digest": {"flows": digest}})


async def recorded(lab: Lab) -> tuple[str, str]:
    log, hers, his = await lab.connect(), new_flow(), new_flow()
    for flow, user in ((hers, "li.wei"), (his, "max")):
        await log.append(intent(flow, user=user))
        end = outcome(flow, user=user)
        media = {"index": 1, "exact": "ab" * 32, "payload": f"{7 if user == 'max' else 8:016x}"}
        media["known_by"] = {"prints": ["cd" * 32, "ce" * 32]}
        pub = end.groups["pub"] | {"outputs": [{"index": 1, "media_type": "image/png"}]}
        digest = {"delivered": "44" * 32, "outputs": [media]}
        await log.append(end._replace(groups={**end.groups, "pub": pub, "digest": digest}))
    await log.append(printed((hers, his)))
    await log.close()
    await eventually(lambda: bool((lab.records().get(his) or {}).get("settle")))
    return hers, his


async def test_texts_and_media_are_found_and_erased_with_their_users_key(lab: Lab) -> None:
    hers, his = await recorded(lab)
    assert await asyncio.to_thread(follow, lab.store, lab.keyring, 5.0) == 0
    index = MadeIndex(index_path(lab.store))
    assert {(made.flow, shared) for made, shared in index.by_marks(MARKS)} == {(hers, 3), (his, 3)}
    assert index.by_exact(bytes(32)) == [Made(hers, 0, "acme")]
    assert {made.flow for made in index.by_exact(b"\xab" * 32)} == {hers, his}
    assert index.by_prints([b"\xcd" * 32], 0, "acme")[0][1] == 0
    assert index.by_payload(7) == [Made(his, 1, "acme")]
    assert index.by_flow(his) == [Made(his, 0, "acme"), Made(his, 1, "acme")]
    await asyncio.to_thread(lab.stop)

    connection = sqlite.connect(str(lab.store), isolation_level=None)
    connection.execute("update user_key set usr = '', wrapped = x'' where usr = 'li.wei'")
    connection.close()
    follow(lab.store, lab.keyring, 5.0)
    assert [made.flow for made, _ in index.by_marks(MARKS)] == [his]
    rebuild(lab.store, lab.keyring)
    assert [made.flow for made, _ in index.by_marks(MARKS)] == [his]
    assert index.by_flow(hers) == []

    assert erase_flows(lab.store, [his]) == 2
    assert index.by_marks(MARKS) == []


async def test_the_index_catches_up_in_pieces_and_is_rebuilt_by_reindex(lab: Lab) -> None:
    hers, _ = await recorded(lab)
    assert await asyncio.to_thread(follow, lab.store, lab.keyring, 0.0) > 0  # no time: it tells how far it is behind
    assert await asyncio.to_thread(follow, lab.store, lab.keyring, 5.0) == 0
    await asyncio.to_thread(lab.stop)
    index_path(lab.store).unlink()
    reindex(lab.store, lab.keyring)
    assert MadeIndex(index_path(lab.store)).by_flow(hers)


async def test_a_key_that_is_destroyed_while_the_index_follows_tells_no_more(lab: Lab, monkeypatch) -> None:
    log, flows = await lab.connect(), (new_flow(), new_flow())
    for flow in flows:
        await log.append(intent(flow))
        await log.append(outcome(flow))
        await log.append(printed((flow,)))
    await log.close()
    await asyncio.to_thread(lab.stop)

    connection = sqlite.connect(str(lab.store), isolation_level=None)
    read = follower.entries_of

    def destroyed(*of):
        yield from read(*of)
        connection.execute("update user_key set usr = '', wrapped = x'' where usr = 'li.wei'")

    monkeypatch.setattr(follower, "BATCH", 1)
    monkeypatch.setattr(follower, "entries_of", destroyed)
    assert follow(lab.store, lab.keyring, 5.0) == 0
    connection.close()
    index = MadeIndex(index_path(lab.store))
    assert index.by_flow(flows[0])  # these go with the next look
    assert index.by_flow(flows[1]) == []


async def test_an_index_of_another_log_is_begun_anew(lab: Lab) -> None:
    hers, _ = await recorded(lab)
    await asyncio.to_thread(follow, lab.store, lab.keyring, 5.0)
    await asyncio.to_thread(lab.stop)
    connection = sqlite.connect(str(lab.store), isolation_level=None)
    connection.execute("update meta set value = '7' where key = 'generation'")
    connection.close()
    index = sqlite.connect(str(index_path(lab.store)), isolation_level=None)
    index.execute("update made set flow = 'stale' where flow = ?", (hers,))
    index.close()
    follow(lab.store, lab.keyring, 5.0)
    assert MadeIndex(index_path(lab.store)).by_flow("stale") == []
    assert MadeIndex(index_path(lab.store)).by_flow(hers)


@pytest.mark.parametrize(
    "digest",
    [
        {"fingerprint": "PLANTED", "text": "no hex"},
        {"fingerprint": 7, "outputs": "none"},
        {
            "outputs": [
                None,
                {"index": "0"},
                {"index": 0, "exact": 5, "known_by": {"prints": ["zz", "ab", 3]}, "payload": "no number"},
            ]
        },
        {"outputs": [{"index": 0, "known_by": {"prints": 5}, "payload": 5}, {"index": 1, "known_by": [5]}]},
    ],
)
def test_what_cannot_be_read_is_left_out(digest) -> None:
    for entry in entries_of("flow", "acme", b"key", digest):
        assert (entry.marks, list(entry.exact), entry.payload, list(entry.prints)) == ((), [], None, [])
