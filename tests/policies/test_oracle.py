"""The engine that decides agrees with real OPA: on the packs' own tests and on generated inputs.

Needs the oracle: `tests/policies/oracle/install.sh` fetches it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from policies import facts, suite
from policies.bundle import Bundle, load
from policies.engine import Engine
from policies.samples import samples
from tests.policies.documents import documents

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / ".venv" / "oracle"

pytestmark = pytest.mark.skipif(
    not (FOLDER / "opa_bindings").is_dir(), reason="real OPA is not installed: run tests/policies/oracle/install.sh"
)


class Oracle:
    """One OPA process with one bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.engine = Engine(bundle)
        command = [sys.executable, str(HERE / "oracle" / "ask.py"), str(FOLDER)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        loaded = self.ask({"modules": {**bundle.modules, **bundle.tests}, "data": bundle.data})
        assert loaded == {"result": True}, loaded

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def both(self, document: dict[str, Any]) -> tuple[list[str], list[str]]:
        """What OPA says, and what the engine says that decides."""
        canonical = facts.canonical(document)
        theirs = self.ask({"rule": "lexgate.decision", "input": orjson.loads(facts.encode(canonical))})
        return in_order(theirs["result"]), in_order(self.engine.answer(canonical))

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)


def in_order(answer: dict[str, Any]) -> list[str]:
    """A set has no order, and the two engines print it in their own."""
    assert answer["schema"] == "lexgate/decision@1"
    return sorted(json.dumps(hit, sort_keys=True) for hit in answer["hits"])


@pytest.fixture(scope="module", params=["builtin:strict", "builtin:lawful"])
def oracle(request):
    oracle = Oracle(load(request.param))
    yield oracle
    oracle.close()


def test_opa_accepts_the_packs_and_passes_their_tests(oracle):
    for result in suite.run(oracle.bundle):
        assert result.passed
        assert oracle.ask({"rule": result.name, "input": {}}) == {"result": True}, result.name


def test_the_samples_are_decided_alike(oracle):
    for document in samples():
        theirs, ours = oracle.both(document)
        assert theirs == ours


@settings(max_examples=300, deadline=None)
@given(document=documents())
def test_generated_inputs_are_decided_alike(oracle, document):
    theirs, ours = oracle.both(document)
    assert theirs == ours
