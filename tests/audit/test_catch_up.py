"""The search projection is written later than the leaves: what a death left out of it is projected at the next start."""

from __future__ import annotations

from pathlib import Path

from audit.record import seal
from audit.sequencer import Log
from audit.store.inspect import verify_store
from audit.store.sqlite import connect_reader, connect_writer
from tests.audit.lab import ORIGIN, Lab, intent, new_flow, outcome


def test_a_flow_that_ended_before_the_last_checkpoint_but_behind_the_projection(tmp_path: Path) -> None:
    lab, flow = Lab(tmp_path), new_flow()
    log = Log.open(lab.store, lab.keyring, ORIGIN)
    stream = ("w0", log.open_stream("w0"))
    leaf = seal(intent(flow), lab.keyring, *stream, 0)
    for key in leaf.user_keys:
        log.add_user_key((key.id, key.tenant, key.user, key.wrapped))
    log.append(stream, 0, leaf)
    log.commit()
    behind = log.size
    log.append(stream, 1, seal(outcome(flow), lab.keyring, *stream, 1))
    log.sign_now()  # the checkpoint says that no flow is open ...
    log.abandon()
    connection = connect_writer(
        lab.store
    )  # ... and the projection, as versions before 0002 wrote it, that one still is
    connection.execute("update flow set status = 'open', outcome = null where flow = ?", (flow,))
    connection.execute("update meta set value = ? where key = 'projected'", (str(behind),))
    connection.close()

    Log.open(lab.store, lab.keyring, ORIGIN).close()

    connection = connect_reader(lab.store)
    assert connection.execute("select flow, status from flow").fetchall() == [(flow, "completed")]
    connection.close()
    assert verify_store(lab.store, lab.keyring).problems == []
