"""Which keys of the input a bundle reads, found in its syntax tree.

The decision cache keys a decision by these facts alone: a bundle that never looks at `caller.user` gives one answer
to all users. The finding errs to the safe side: where a rule takes a whole object (`input.caller`, `input[x]`, or
`input` handed to a function), all of it counts as read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Path = tuple[str, ...]

MISSING = "\0missing"
"""Stands for a key that is not there: not the same as null. No text of a document holds it by chance."""

_COUNTERS: Path = ("counters",)
_SUBJECTS: Path = ("data", "subjects")


def input_paths(trees: Iterable[Mapping[str, Any]]) -> frozenset[Path]:
    """The paths below `input` that the modules may read; `()` is the whole document. `trees`: regorus' own AST."""
    paths = {path for tree in trees for path in _walk(tree.get("ast", tree))}
    if any(path[:1] == _COUNTERS for path in paths):
        paths.add(_SUBJECTS)  # canonical facts zero the counters of a call without subjects, so these are read too
    return frozenset(path for path in paths if not any(path[:n] in paths for n in range(len(path))))


def projection(paths: frozenset[Path]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """A function from a document to what stands at these paths, in a fixed order; MISSING where nothing does."""
    ordered = tuple(sorted(paths))

    def project(document: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(_at(document, path) for path in ordered)

    return project


def _at(document: Any, path: Path) -> Any:
    for key in path:
        if not isinstance(document, dict):
            return document  # the rule reads below a value; the value itself decides
        document = document.get(key, MISSING)
    return document


def _walk(node: Any) -> Iterator[Path]:
    if isinstance(node, Mapping):
        path = _reference(node)
        if path is not None:
            yield path
            yield from _indices(node)
            return
        for child in node.values():
            yield from _walk(child)
    elif isinstance(node, list):
        for child in node:
            yield from _walk(child)


def _reference(node: Mapping[str, Any]) -> Path | None:
    """The path if the node is a reference rooted in `input`, cut at the first index that is not a constant."""
    if isinstance(variable := node.get("Var"), Mapping):
        return () if variable.get("value") == "input" else None
    if isinstance(dot := node.get("RefDot"), Mapping):
        base = _reference(dot["refr"])
        return None if base is None else _extend(base, dot["refr"], dot["field"][-1])
    if isinstance(bracket := node.get("RefBrack"), Mapping):
        base = _reference(bracket["refr"])
        index = bracket["index"].get("String") if isinstance(bracket.get("index"), Mapping) else None
        constant = index.get("value") if isinstance(index, Mapping) else None
        return None if base is None else _extend(base, bracket["refr"], constant)
    return None


def _extend(base: Path, below: Mapping[str, Any], key: Any) -> Path:
    return (*base, key) if isinstance(key, str) and not _is_cut(below) else base


def _is_cut(node: Mapping[str, Any]) -> bool:
    """Whether a reference was already cut at a variable index further in."""
    for kind in ("RefDot", "RefBrack"):
        if isinstance(inner := node.get(kind), Mapping):
            if kind == "RefBrack" and not (isinstance(inner.get("index"), Mapping) and "String" in inner["index"]):
                return True
            return _is_cut(inner["refr"])
    return False


def _indices(node: Mapping[str, Any]) -> Iterator[Path]:
    """References inside the brackets of a reference: `input.a[input.b]` reads both."""
    for kind in ("RefDot", "RefBrack"):
        if isinstance(inner := node.get(kind), Mapping):
            yield from _walk(inner.get("index"))
            yield from _indices(inner["refr"])
