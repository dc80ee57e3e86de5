"""What the rules decided: rule hits, and how they merge into one decision.

Rules only ever *add* hits; none can take another's away. The merge is this fixed lattice and not up to a bundle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from policies.errors import PolicyFailed

SCHEMA = "lexgate/decision@1"

LATTICE = ("allow", "log", "label", "cap", "redact", "route", "approval", "block")
"""Effects from weakest to strongest; the strongest of all hits is the decision's action."""

OPERATORS = ("placeholder", "remove")
"""How a finding is taken out, weakest first. A placeholder is reversible by this gateway alone; remove is final."""

LOGS = ("standard", "full")
GUARDS = ("names",)

_TEXT_KEYS = ("id", "effect", "citation", "message", "remedy")
_KEYS = frozenset({*_TEXT_KEYS, "redact", "route", "cap", "labels", "log", "guard", "tier", "mechanism"})
_NEEDS = {"redact": "redact", "route": "route", "cap": "cap", "label": "labels"}


@dataclass(frozen=True, slots=True)
class RuleHit:
    """One rule that spoke. `message` and `remedy` are shown to callers and hold no content of the call."""

    id: str
    effect: str
    citation: str
    message: str
    remedy: str

    def as_dict(self) -> dict[str, str]:
        return {key: getattr(self, key) for key in _TEXT_KEYS}


@dataclass(frozen=True, slots=True)
class Decision:
    """The merged decision. `route` empty means no demand; `tier` is the legal volume band that applied, if any."""

    action: str
    redact: Mapping[str, str]
    route: tuple[str, ...]
    cap: int | None
    labels: tuple[str, ...]
    log: str
    guard: str | None
    rules: tuple[RuleHit, ...]
    bundle: str
    mechanism: str | None = None
    tier: str | None = None
    demanded: frozenset[str] = field(default_factory=frozenset)  # every effect some hit asked for

    @property
    def unmodified(self) -> bool:
        """Whether the call may reach the named destination exactly as it came."""
        return LATTICE.index(self.action) < LATTICE.index("cap")

    @property
    def obligations(self) -> tuple[str, ...]:
        """The duties by name: block, require_approval, route_in_region, redact, cap, label_output, log_full, guard."""
        named = {
            "block": "block" in self.demanded,
            "require_approval": "approval" in self.demanded,
            "route_in_region": bool(self.route),
            "redact": bool(self.redact),
            "cap": self.cap is not None,
            "label_output": bool(self.labels),
            "log_full": self.log == "full",
            "guard": self.guard is not None,
        }
        return tuple(name for name, holds in named.items() if holds)

    @property
    def leading(self) -> RuleHit | None:
        """The rule to name in a refusal: the strongest, first by id."""
        return self.rules[0] if self.rules else None

    def as_dict(self) -> dict[str, Any]:
        """For `/api/decide` and the command line; keys are stable."""
        return {
            "action": self.action,
            "obligations": list(self.obligations),
            "redact": dict(self.redact),
            "route": list(self.route),
            "cap": self.cap,
            "labels": list(self.labels),
            "log": self.log,
            "guard": self.guard,
            "tier": self.tier,
            "mechanism": self.mechanism,
            "rules": [rule.as_dict() for rule in self.rules],
            "bundle": self.bundle,
        }


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule hit with its obligations, read from the engine's answer and checked."""

    rule: RuleHit
    redact: Mapping[str, str]
    route: tuple[str, ...] | None
    cap: int | None
    labels: tuple[str, ...]
    log: str
    guard: str | None
    tier: str | None
    mechanism: str | None


def read_hits(answer: Any) -> tuple[Hit, ...]:
    """The hits in an engine's answer `{"schema": "lexgate/decision@1", "hits": [...]}`.

    Raises PolicyFailed for anything else: an answer that is not understood is never an allowed call.
    """
    if not isinstance(answer, dict) or answer.get("schema") != SCHEMA or set(answer) != {"schema", "hits"}:
        raise PolicyFailed(f"the answer is not a {SCHEMA} object")
    if not isinstance(answer["hits"], list):
        raise PolicyFailed("hits is not a list")
    return tuple(_read_hit(raw) for raw in answer["hits"])


def merge(hits: Iterable[Hit], bundle: str) -> Decision:
    """One decision out of all hits: block > approval > route > redact > cap > label > log > allow."""
    ordered = sorted(hits, key=lambda hit: (-LATTICE.index(hit.rule.effect), hit.rule.id, hit.rule.message))
    effects = {hit.rule.effect for hit in ordered}
    action = max(effects, key=LATTICE.index, default="allow")
    route, contradiction = _merge_routes(ordered)
    rules = [hit.rule for hit in ordered]
    if contradiction:
        action = "block"
        effects.add("block")
        rules.insert(0, contradiction)
    redact: dict[str, str] = {}
    for label, operator in sorted(pair for hit in ordered for pair in hit.redact.items()):
        redact[label] = max(redact.get(label, operator), operator, key=OPERATORS.index)
    caps = [hit.cap for hit in ordered if hit.cap is not None]
    return Decision(
        action=action,
        redact=MappingProxyType(redact),
        route=route,
        cap=min(caps, default=None),
        labels=tuple(sorted({label for hit in ordered for label in hit.labels})),
        log=max((hit.log for hit in ordered), key=LOGS.index, default="standard"),
        guard=next((hit.guard for hit in ordered if hit.guard), None),
        rules=tuple(rules),
        bundle=bundle,
        mechanism=next((hit.mechanism for hit in ordered if hit.mechanism), None),
        tier=next((hit.tier for hit in ordered if hit.tier), None),
        demanded=frozenset(effects),
    )


def _merge_routes(hits: list[Hit]) -> tuple[tuple[str, ...], RuleHit | None]:
    """Each routing hit names where the call may go; all must agree. No common place left means block."""
    demands = [set(hit.route) for hit in hits if hit.route is not None]
    if not demands:
        return (), None
    common = set.intersection(*demands)
    if common:
        return tuple(sorted(common)), None
    names = ", ".join(sorted({hit.rule.id for hit in hits if hit.route is not None}))
    return (), RuleHit(
        "lexgate.no_common_region",
        "block",
        "internal MERGE-1",
        f"no jurisdiction satisfies all routing rules ({names})",
        "take out the data that one of these rules is about, or split the call",
    )


def _read_hit(raw: Any) -> Hit:
    if not isinstance(raw, dict):
        raise PolicyFailed("a hit is not an object")
    texts = {key: raw.get(key) for key in _TEXT_KEYS}
    name = texts["id"] if isinstance(texts["id"], str) and texts["id"] else "(no id)"
    if unknown := sorted(set(raw) - _KEYS):
        raise PolicyFailed(f"hit {name} has unknown keys: {', '.join(map(str, unknown))}")
    if not all(isinstance(text, str) and text for text in texts.values()):
        raise PolicyFailed(f"hit {name} lacks one of {', '.join(_TEXT_KEYS)}")
    rule = RuleHit(**{key: str(text) for key, text in texts.items()})
    if rule.effect not in LATTICE:
        raise PolicyFailed(f"hit {name} has an unknown effect")
    if (needed := _NEEDS.get(rule.effect)) and not raw.get(needed):
        raise PolicyFailed(f"hit {name}: effect {rule.effect} without {needed}")
    return Hit(
        rule=rule,
        redact=_redactions(raw.get("redact", {}), name),
        route=_texts(raw["route"], name, "route") if "route" in raw else None,
        cap=_cap(raw.get("cap"), name),
        labels=_texts(raw.get("labels", []), name, "labels"),
        log=_choice(raw.get("log"), LOGS, name, "log") or "standard",
        guard=_choice(raw.get("guard"), GUARDS, name, "guard"),
        tier=_optional_text(raw.get("tier"), name, "tier"),
        mechanism=_optional_text(raw.get("mechanism"), name, "mechanism"),
    )


def _redactions(raw: Any, name: str) -> Mapping[str, str]:
    if not isinstance(raw, dict) or any(operator not in OPERATORS for operator in raw.values()):
        raise PolicyFailed(f"hit {name}: redact is not a map of label to {' or '.join(OPERATORS)}")
    return raw


def _texts(raw: Any, name: str, key: str) -> tuple[str, ...]:
    if not isinstance(raw, list) or not all(isinstance(item, str) and item for item in raw):
        raise PolicyFailed(f"hit {name}: {key} is not a list of texts")
    return tuple(raw)


def _cap(raw: Any, name: str) -> int | None:
    if raw is None or (isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0):
        return raw
    raise PolicyFailed(f"hit {name}: cap is not a count of tokens")


def _choice(raw: Any, choices: tuple[str, ...], name: str, key: str) -> str | None:
    if raw is None or raw in choices:
        return raw if raw is None else str(raw)
    raise PolicyFailed(f"hit {name}: {key} is not one of {', '.join(choices)}")


def _optional_text(raw: Any, name: str, key: str) -> str | None:
    if raw is None or isinstance(raw, str):
        return raw
    raise PolicyFailed(f"hit {name}: {key} is not a text")
