"""What the search table says of one leaf: computed from the leaf's groups, so that it can be rebuilt from the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = tuple[Any, ...]
"""In the order of COLUMNS, then the lists of TAGS: entity labels, categories, rule ids, parent flows."""

_NOTHING: Mapping[str, Any] = {}

COLUMNS = ("tenant", "usr", "application", "grade", "decision", "status", "from_", "to_", "provider", "model")
TAGS = ("entity", "category", "rule", "parent")


def row_of(kind: str, tenant: str, user: str, groups: Mapping[str, Mapping[str, Any]]) -> Row | None:
    """The row of an intent or outcome; None for kinds that are not searched by flow."""
    if kind not in ("intent", "outcome"):
        return None
    text = groups["pub"].get if "pub" in groups else _NOTHING.get
    entities, categories, rules, parents = text("entities"), text("categories"), text("rules"), text("parents")
    status = "open" if kind == "intent" else text("status") or "failed"
    return (
        tenant,
        user,
        groups["subj"].get("application") or "" if "subj" in groups else "",
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
