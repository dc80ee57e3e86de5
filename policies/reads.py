"""Which keys of the input a bundle reads, found in its source.

The decision cache keys a decision by these facts alone: a bundle that never looks at `caller.user` gives one answer
to all users. Every `input` in the source is followed along its dots; where the dots end (a bracket, an alias, `input`
handed on whole), all that stands below counts as read. So the finding may be too large, never too small.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

Path = tuple[str, ...]

MISSING: Final = "\0missing"
"""Stands for a key that is not there: not the same as null."""

_COUNTERS: Final[Path] = ("counters",)
_SUBJECTS: Final[Path] = ("data", "subjects")

_COMMENT_OR_STRING: Final = re.compile(r'#[^\n]*|"(?:\\.|[^"\\\n])*"|`[^`]*`')
_INPUT: Final = re.compile(r"\binput\b((?:\.[A-Za-z_][A-Za-z0-9_]*)*)")


def input_paths(sources: Iterable[str]) -> frozenset[Path]:
    """The paths below `input` that Rego modules may read; `()` is the whole document."""
    paths = {_path(dots) for source in sources for dots in _INPUT.findall(without_comments(source))}
    if any(path[:1] == _COUNTERS for path in paths):
        paths.add(_SUBJECTS)  # canonical facts zero the counters of a call without subjects, so these are read too
    return frozenset(path for path in paths if not any(path[:n] in paths for n in range(len(path))))


def projection(paths: frozenset[Path]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """A function from a document to what stands at these paths, in a fixed order; MISSING where nothing does."""
    ordered = tuple(sorted(paths))

    def project(document: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(_at(document, path) for path in ordered)

    return project


def without_comments(source: str) -> str:
    """The source without comments. Strings stay: an `input` in one only makes the finding larger."""
    return _COMMENT_OR_STRING.sub(lambda match: "" if match[0].startswith("#") else match[0], source)


def _path(dots: str) -> Path:
    return tuple(dots.split(".")[1:])


def _at(document: Any, path: Path) -> Any:
    for key in path:
        if not isinstance(document, dict):
            return document  # the rule reads below a value; the value itself decides
        document = document.get(key, MISSING)
    return document
