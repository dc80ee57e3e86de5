"""What the search table says of one leaf: computed from the leaf's groups, so that it can be rebuilt from the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.canonical import Group, Rendered, RenderedRows

Row = tuple[Any, ...]
"""In the order of COLUMNS, then the lists of TAGS: entity labels, categories, rule ids, parent flows."""

_NOTHING: Mapping[str, Any] = {}

COLUMNS = ("tenant", "usr", "application", "grade", "decision", "status", "from_", "to_", "provider", "model")
TAGS = ("entity", "category", "rule", "parent")
SAID = frozenset(("grade", "decision", "from", "to", "provider", "model", "entities", "categories", "rules", "parents"))
"""Members of `pub` that a row tells, beside the status."""


def row_of(kind: str, tenant: str, user: str, groups: Mapping[str, Group]) -> Row | None:
    """The row of an intent or outcome; None for kinds that are not searched by flow."""
    if kind not in ("intent", "outcome"):
        return None
    said = groups.get("pub", _NOTHING)
    if type(said) is Rendered and said.row is not None:
        return said.row
    pub = _read(said)
    text = pub.get
    if kind == "outcome" and "subj" not in groups and SAID.isdisjoint(pub):
        return (tenant, user, "", "", "", text("status") or "failed", "", "", "", "", [], [], [], [])
    entities, categories, rules, parents = text("entities"), text("categories"), text("rules"), text("parents")
    application = _read(groups["subj"]).get("application") or "" if "subj" in groups else ""
    status = "open" if kind == "intent" else text("status") or "failed"
    return (
        tenant,
        user,
        application,
        text("grade") or "",
        text("decision") or "",
        status,
        text("from") or "",
        text("to") or "",
        text("provider") or "",
        text("model") or "",
        sorted(entities) if entities else [],
        sorted(set(categories)) if categories else [],
        sorted({rule["id"] for rule in rules}) if rules else [],
        sorted(set(parents)) if parents else [],
    )


def _read(group: Group) -> Mapping[str, Any]:
    if isinstance(group, RenderedRows):  # of many flows: none has a row by it
        return _NOTHING
    return group.value() if isinstance(group, Rendered) else group
