"""The chain of a flow: the flows it came from and the flows that came from it, across the applications of its tenant.

Parents stand in the record (`pub.parents`), children are found by them, so the store alone is enough. Flows of another
tenant are not in a chain, whatever a record says of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from audit.store.schema import flow as flow_table
from audit.store.schema import tag

MOST = 200
"""Flows of one chain that are shown."""


def trace_of(connection: Connection, flow: str, record_of: Callable[[int], dict[str, Any]]) -> dict[str, Any] | None:
    """The chain of `flow`, oldest first; None when there is no such flow. `record_of` reads a record by its seq."""
    row = connection.execute(select(flow_table.c.seq, flow_table.c.tenant).where(flow_table.c.flow == flow)).first()
    if row is None:
        return None
    members = {flow: _member(record_of(row.seq), "self")}
    up = _follow(connection, members, row.tenant, record_of, "ancestor", lambda one: _parents(members[one]))
    down = _follow(connection, members, row.tenant, record_of, "descendant", lambda one: _children(connection, one))
    flows = sorted(members.values(), key=lambda member: (member["time"], member["flow"]))
    for member in flows:
        member["parents"] = [parent for parent in member["parents"] if parent["flow"] in members]
    return {"flow": flow, "tenant": row.tenant, "complete": up and down, "flows": flows}


def _follow(
    connection: Connection,
    members: dict[str, dict[str, Any]],
    tenant: str,
    record_of: Callable[[int], dict[str, Any]],
    relation: str,
    next_of: Callable[[str], Iterable[str]],
) -> bool:
    """Adds all that can be reached from the first member; False when there are more than MOST."""
    waiting = [next(iter(members))]
    while waiting:
        for found in next_of(waiting.pop(0)):
            if found in members:
                continue
            seq = _seq(connection, found, tenant)
            if seq is None:
                continue
            if len(members) >= MOST:
                return False
            members[found] = _member(record_of(seq), relation)
            waiting.append(found)
    return True


def _seq(connection: Connection, flow: str, tenant: str) -> int | None:
    """The flow's place, if it is this tenant's."""
    query = select(flow_table.c.seq).where(flow_table.c.flow == flow, flow_table.c.tenant == tenant)
    return connection.execute(query).scalar()


def _children(connection: Connection, flow: str) -> list[str]:
    query = (
        select(flow_table.c.flow)
        .join(tag, tag.c.seq == flow_table.c.seq)
        .where(tag.c.kind == "parent", tag.c.value == flow)
        .order_by(tag.c.time_us, tag.c.seq)
        .limit(MOST)
    )
    return list(connection.execute(query).scalars())


def _parents(member: dict[str, Any]) -> list[str]:
    return [parent["flow"] for parent in member["parents"]]


def _member(record: dict[str, Any], relation: str) -> dict[str, Any]:
    pub, subj = record["pub"], record["subj"]
    parents, by = pub.get("parents") or [], pub.get("parents_by") or []
    return {
        "flow": record["flow"],
        "time": record["time"],
        "relation": relation,
        "status": record["status"],
        "application": subj.get("application"),
        "user": subj.get("user"),
        "session": subj.get("session") or None,
        **{name: pub.get(name) for name in ("decision", "grade", "protocol", "provider", "model", "from", "to")},
        "parents": [
            {"flow": parent, "by": by[index] if index < len(by) else "declared"} for index, parent in enumerate(parents)
        ],
    }


def told(trace: dict[str, Any]) -> str:
    """The chain as text: one line a flow, indented under its latest parent, the flow that was asked for marked."""
    depth: dict[str, int] = {}
    lines = []
    for member in trace["flows"]:
        parents = member["parents"]
        depth[member["flow"]] = 1 + max((depth.get(parent["flow"], 0) for parent in parents), default=-1)
        mark = ">" if member["relation"] == "self" else " "
        of = "".join(f", {parent['by']} of {parent['flow']}" for parent in parents)
        who = f"{member['application'] or '?'} ({member['user'] or '?'})"
        what = f"{member['status']}, {member['decision'] or 'no decision'} {member['grade'] or ''}".rstrip()
        lines.append(
            f"{mark} {'  ' * depth[member['flow']]}{member['flow']}  {member['time'][:19]}  {who}  "
            f"{what}, {member['model'] or '?'} in {member['to'] or '?'}{of}"
        )
    if not trace["complete"]:
        lines.append(f"there is more: only {MOST} calls of a chain are shown")
    return "\n".join(lines)
