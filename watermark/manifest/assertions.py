"""What our manifests say: made by a model, by which system, in which call.

`c2pa.actions.v2` in the words of C2PA 2.x §18; `lexgate.origin` holds what California's SB 942 asks of a latent
disclosure (provider, system and its version, time, unique identifier), and the anchor of the call in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from watermark.marking import Ingredient, Origin

ORIGIN_LABEL = "lexgate.origin"
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
SYNTHETIC = frozenset({TRAINED, COMPOSITE, "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"})


@cache
def generator() -> Mapping[str, str]:
    """The claim generator: this product and its version."""
    return {"name": "lexgate", "version": _version()}


@cache
def _version() -> str:
    """Read once: the package's metadata costs a millisecond."""
    try:
        return version("lexgate")
    except PackageNotFoundError:
        return "0"


def origin_assertion(origin: Origin, inputs: tuple[Ingredient, ...] = ()) -> dict[str, Any]:
    """Where an output comes from. `system` is the model as its provider names it, which is all of its version we know.

    `inputs`: those that C2PA cannot hold as ingredients; their SHA-256 stands here.
    """
    told = [{"format": one.media_type, "sha256": one.digest} for one in inputs]
    return ({"inputs": told} if told else {}) | {
        "flow": origin.flow,
        "produceId": origin.produce_id,
        "leaf": origin.leaf,
        "provider": origin.provider,
        "system": origin.model,
        "producer": origin.producer,
        "time": moment(origin),
    }


def moment(origin: Origin) -> str:
    """RFC 3339, in UTC."""
    return datetime.fromtimestamp(origin.time_us / 1_000_000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def created(origin: Origin, sources: tuple[str, ...] = ()) -> dict[str, Any]:
    """One action: a model made this, of these ingredients if any."""
    action = _action("c2pa.created", origin, TRAINED)
    return {"actions": [action | _parameters(sources)]}


def edited(origin: Origin, parent: str, *, ours: bool) -> dict[str, Any]:
    """Two actions: a parent was opened, and a model changed it (`ours` false) or we marked what it had made."""
    changed = _action("c2pa.edited", origin, TRAINED if ours else COMPOSITE)
    return {"actions": [*opened(origin, parent)["actions"], changed]}


def opened(origin: Origin, parent: str) -> dict[str, Any]:
    """One action: this is its parent, unchanged."""
    return {"actions": [{"action": "c2pa.opened", "when": moment(origin)} | _parameters((parent,))]}


def parent_of(inputs: tuple[Ingredient, ...], media_type: str) -> Ingredient | None:
    """The input that an output is an edited form of: its only one, if it is of the same kind."""
    if len(inputs) != 1:
        return None
    return inputs[0] if inputs[0].media_type.partition("/")[0] == media_type.partition("/")[0] else None


def _action(name: str, origin: Origin, source_type: str) -> dict[str, Any]:
    agent = {"name": origin.model or "unknown"}
    return {"action": name, "when": moment(origin), "softwareAgent": agent, "digitalSourceType": source_type}


def _parameters(sources: tuple[str, ...]) -> dict[str, Any]:
    return {"parameters": {"ingredientIds": list(sources)}} if sources else {}
