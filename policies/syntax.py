"""What a bundle may not contain, found in its syntax tree: whatever would make a replay differ or reach outside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

MAX_NESTING: Final = 48
"""Brackets open at once in a module. The engine's parser takes exponential time beyond some hundreds."""

_SILENT: Final = re.compile(r'#[^\n]*|"(?:\\.|[^"\\\n])*"|`[^`]*`')
_BRACKET: Final = re.compile(r"[\[({\])}]")

BANNED: Final[Mapping[str, str]] = {
    "http.send": "reaches the network",
    "net.lookup_ip_addr": "reaches the network",
    "opa.runtime": "reads the environment",
    "providers.": "signs requests to a cloud",
    "rand.": "gives another answer at each replay",
    "uuid.": "gives another answer at each replay",
    "time.now_ns": "gives another answer at each replay; use input.now",
    "io.jwt.": "checks against the clock",
    "crypto.x509.parse_and_verify_certificates": "checks against the clock",
    "json.match_schema": "may fetch remote schemas",
    "json.verify_schema": "may fetch remote schemas",
    "graphql.": "is not evaluated alike by all engines",
    "print": "writes facts to the process's output",
    "trace": "writes facts to the process's output",
}
"""Built-in functions by name, or by prefix where the name ends in a dot, each with the reason."""


def banned_calls(trees: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, int, str]]:
    """(file, line, message) of each call of a banned built-in function, tests included."""
    for tree in trees:
        file = str(tree.get("source", {}).get("file", ""))
        for name, line in calls(tree.get("ast", tree)):
            if reason := _reason(name):
                yield file, line, f"{name} is not allowed: it {reason}"


def too_deep(source: str) -> int:
    """The line where a module's brackets nest too deeply, 0 if they do not. Strings and comments do not count."""
    text = _SILENT.sub(lambda match: "\n" * match[0].count("\n"), source)
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth += 1 if bracket[0] in "[({" else -1
        if depth > MAX_NESTING:
            return text.count("\n", 0, bracket.start()) + 1
    return 0


def calls(node: Any) -> Iterator[tuple[str, int]]:
    """(dotted name, line) of every function call below a node of regorus' syntax tree."""
    if isinstance(node, Mapping):
        if isinstance(call := node.get("Call"), Mapping) and (name := dotted(call.get("fcn"))):
            yield name, int(call.get("span", {}).get("line", 0))
        for child in node.values():
            yield from calls(child)
    elif isinstance(node, list):
        for child in node:
            yield from calls(child)


def dotted(node: Any) -> str:
    """`a.b.c` of a reference made of constants, "" of any other expression."""
    if not isinstance(node, Mapping):
        return ""
    if isinstance(variable := node.get("Var"), Mapping):
        return str(variable.get("value", ""))
    if isinstance(dot := node.get("RefDot"), Mapping):
        base = dotted(dot["refr"])
        return f"{base}.{dot['field'][-1]}" if base else ""
    if isinstance(bracket := node.get("RefBrack"), Mapping):
        base, index = dotted(bracket["refr"]), bracket.get("index")
        constant = index.get("String", {}).get("value") if isinstance(index, Mapping) else None
        return f"{base}.{constant}" if base and constant else ""
    return ""


def rules(tree: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """(rule name, line) of the rules a module defines."""
    for rule in tree["ast"]["rules"]:
        spec = rule.get("Spec") or rule.get("Default") or {}
        head = spec.get("head", {})
        reference = next((part.get("refr") for part in head.values() if isinstance(part, Mapping)), spec.get("refr"))
        if name := dotted(reference):
            yield name, int(spec.get("span", {}).get("line", 0))


def package(tree: Mapping[str, Any]) -> str:
    """The module's package, dotted."""
    return dotted(tree["ast"]["package"]["refr"])


def _reason(name: str) -> str | None:
    for banned, reason in BANNED.items():
        if name == banned or (banned.endswith(".") and name.startswith(banned)):
            return reason
    return None
