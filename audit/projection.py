"""What the search table says of one leaf: computed from the leaf's groups, so that it can be rebuilt from the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = tuple[Any, ...]
"""In the order of COLUMNS, then the lists of TAGS: entity labels, categories, rule ids, parent flows."""

COLUMNS = ("tenant", "usr", "application", "grade", "decision", "status", "from_", "to_", "provider", "model")
TAGS = ("entity", "category", "rule", "parent")


def row_of(kind: str, tenant: str, user: str, groups: Mapping[str, Mapping[str, Any]]) -> Row | None:
    """The row of an intent or outcome; None for kinds that are not searched by flow."""
    if kind not in ("intent", "outcome"):
        return None
    pub = groups.get("pub", {})
    text = pub.get
    status = "open" if kind == "intent" else text("status") or "failed"
    return (
        tenant,
        user,
        groups.get("subj", {}).get("application") or "",
        text("grade") or "",
        text("decision") or "",
        status,
        text("from") or "",
        text("to") or "",
        text("provider") or "",
        text("model") or "",
        sorted(text("entities") or ()),
        sorted(set(text("categories") or ())),
        sorted({rule["id"] for rule in text("rules") or ()}),
        sorted(set(text("parents") or ())),
    )
