"""The adapter around the Rego engine (regorus, its interpreter): canonical facts in, a merged decision out.

Nothing of the engine's own types, errors or panics passes this border, and everything unexpected is PolicyFailed,
which callers turn into a refusal. The bytecode mode of the same library gives wrong answers and is not used.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any, Final

import orjson
import regorus

from policies import facts, reads
from policies.bundle import ENTRYPOINT, Bundle
from policies.decision import Decision, merge, read_hits
from policies.errors import BundleInvalid, PolicyFailed

RegoEngine = Any
"""The library's engine; it ships no types."""

_PLACE: Final = re.compile(r"^-->\s*(?P<file>.+?):(?P<line>\d+):\d+\s*$", re.MULTILINE)
_REASON: Final = re.compile(r"^error:\s*(?P<reason>.+?)\s*$", re.MULTILINE)
_UNDEFINED: Final = b'"<undefined>"'


class Engine:
    """One compiled bundle. Bound to the thread that made it; cheap to make (a few milliseconds), so a swap is a new one."""

    def __init__(self, bundle: Bundle, *, entrypoint: str = ENTRYPOINT) -> None:
        """Compiles the bundle. Raises BundleInvalid with file and line."""
        self.digest = bundle.digest
        self._entrypoint = entrypoint
        self._thread = threading.get_ident()
        self._rego = compiled(bundle)
        self.reads = reads.input_paths(bundle.modules.values())
        self.read_facts = reads.projection(self.reads)

    def decide(self, document: Mapping[str, Any]) -> Decision:
        """Decides a document of `lexgate/input@1`. Raises PolicyFailed (FactsInvalid when the document is at fault)."""
        return self.decide_facts(facts.canonical(document))

    def decide_facts(self, canonical: Mapping[str, Any]) -> Decision:
        """Decides facts that are canonical already (`policies.facts`): what replay and the cache use."""
        return merge(read_hits(self.answer(canonical)), self.digest)

    def answer(self, canonical: Mapping[str, Any]) -> Any:
        """What the rules say, unread and unmerged. Raises PolicyFailed; its message never quotes the facts."""
        if threading.get_ident() != self._thread:
            raise PolicyFailed("this engine belongs to another thread")
        try:
            self._rego.set_input_json(facts.encode(canonical).decode())
            answer = self._rego.eval_rule_as_json(self._entrypoint)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a Rust panic arrives as a BaseException
            # The engine's message may quote input: only the place in the bundle is told, and the cause is cut off.
            raise PolicyFailed(f"evaluation failed{_place(str(error))}") from None
        return _decoded(answer)


def compiled(bundle: Bundle, *, tests: bool = False) -> RegoEngine:
    """The library's own engine with the bundle's modules and data. Raises BundleInvalid with file and line."""
    rego: RegoEngine = regorus.Engine()  # type: ignore[attr-defined]
    for name, text in {**bundle.modules, **(bundle.tests if tests else {})}.items():
        try:
            rego.add_policy(name, text)
        except BaseException as error:  # a parser panic is a BaseException; a broken bundle must not end the process
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            raise located(error, name) from None
    try:
        rego.add_data_json(orjson.dumps(bundle.data).decode())
    except RuntimeError:
        raise BundleInvalid("the data documents contradict one another", file="data.json") from None
    return rego


def trees(rego: RegoEngine) -> list[Any]:
    """The syntax trees of the engine's modules."""
    found: list[Any] = orjson.loads(rego.get_ast_as_json())
    return found


def located(error: BaseException, file: str) -> BundleInvalid:
    """An engine error about a bundle (never about a call's facts) as BundleInvalid with its place."""
    text = str(error).split("Stack backtrace:", 1)[0]
    place = _PLACE.search(text)
    reason = _REASON.search(text)
    first = next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)
    return BundleInvalid(
        (reason["reason"] if reason else first)[:300],
        file=place["file"] if place else file,
        line=int(place["line"]) if place else 0,
    )


def _place(message: str) -> str:
    found = _PLACE.search(message)
    return f" at {found['file']}:{found['line']}" if found else ""


def _decoded(answer: Any) -> Any:
    if not isinstance(answer, str):
        raise PolicyFailed("the engine gave no JSON")
    encoded = answer.encode()
    if encoded.strip() == _UNDEFINED:
        raise PolicyFailed("the decision is undefined")
    try:
        return orjson.loads(encoded)
    except orjson.JSONDecodeError:
        raise PolicyFailed("the engine gave no JSON") from None
