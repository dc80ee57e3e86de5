"""Runs a bundle's own tests: the rules named `test_*` in its `*_test.rego` files, as `opa test` does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from policies import syntax
from policies.bundle import Bundle
from policies.engine import compiled, located, trees


@dataclass(frozen=True, slots=True)
class Result:
    """One test. `reason` is "" when it passed, "false or undefined", or the engine's error."""

    name: str
    file: str
    line: int
    reason: str

    @property
    def passed(self) -> bool:
        return not self.reason


def run(bundle: Bundle) -> Iterator[Result]:
    """Every test of the bundle in order of file and line. Raises BundleInvalid when it does not compile."""
    rego = compiled(bundle, tests=True)
    for tree in sorted(trees(rego), key=lambda tree: str(tree["source"]["file"])):
        file = str(tree["source"]["file"])
        if file not in bundle.tests:
            continue
        for rule, line in syntax.rules(tree):
            if rule.startswith("test_"):
                name = f"{syntax.package(tree)}.{rule}"
                yield Result(name, file, line, _reason(rego, f"data.{name}", file))


def _reason(rego: object, path: str, file: str) -> str:
    try:
        rego.set_input_json("{}")  # type: ignore[attr-defined]
        answer = orjson.loads(rego.eval_rule_as_json(path))  # type: ignore[attr-defined]
    except BaseException as error:  # a Rust panic arrives as a BaseException
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        return str(located(error, file))
    return "" if answer is True else "false or undefined"
