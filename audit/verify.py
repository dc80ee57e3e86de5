"""The auditor's: checks a proof document, or a whole log, trusting nothing but the public key.

`verify_proof` does, for one flow:
  0  the document has the shape it must have
  1  the checkpoint is signed by the given key, and is of its log
  2  each leaf's entry is canonical JSON of format 1 and names the flow
  3  each entry hashes to a leaf that the inclusion path leads to the checkpoint's root
  4  each disclosed group, with its salt, is what the entry commits to
  5  the flow has one outcome, after its intents

`verify_log` does, for all of it:
  1  every checkpoint is signed, and its root is the root of the entries up to its size
  2  every full tile holds the hashes of its leaves
  3  every stream (writer, epoch) is dense from 0, epochs are dense from 1, and a closed stream has the count it stated
  4  every intent has exactly one outcome, unless its stream is still open; settled flows are known
  5  the entries end where the latest checkpoint says, not before

What the caller must bring: the key by another way than the document, and for 5 a checkpoint it has seen elsewhere
(the high-water mark, a witness, an earlier proof).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from audit.canonical import canonical
from audit.checkpoint import Checkpoint, VerifierKey, verify
from audit.errors import ProofInvalid, RecordInvalid
from audit.merkle import Tree, leaf_hash, root_from_path, root_of
from audit.record import commit

FORMAT = "lexgate-proof/1"
_WIDTH = 256
_OWN = "log"


@dataclass(slots=True)
class Verification:
    """What was checked (`steps`) and what does not hold (`problems`)."""

    steps: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems


def verify_proof(document: Mapping[str, Any], vkey: str) -> Verification:
    """Check a proof document against a C2SP verifier key; ProofInvalid when either has not the shape it must have."""
    result = Verification()
    key = VerifierKey.parse(vkey)
    try:
        if document["format"] != FORMAT:
            raise ProofInvalid(f"the document is not {FORMAT}")
        flow, note, leaves = document["flow"], document["checkpoint"], document["leaves"]
        if not isinstance(note, str) or not isinstance(leaves, list) or not leaves:
            raise ProofInvalid("the document has no checkpoint or no leaves")
        # (1)
        try:
            checkpoint = verify(note, key)
        except ProofInvalid as error:
            result.problems.append(str(error))
            return result
        result.steps.append(
            f"the checkpoint of {checkpoint.origin} over {checkpoint.size} leaves is signed by {key.name}"
        )
        entries = []
        for leaf in leaves:
            entry = _check_leaf(leaf, flow, checkpoint, result)
            if entry is not None:
                entries.append((leaf["index"], entry))
        # (5)
        _check_story(flow, entries, result)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, binascii.Error) as error:
        raise ProofInvalid(f"the document is malformed: {type(error).__name__}") from error
    return result


def _check_leaf(
    leaf: Mapping[str, Any], flow: str, checkpoint: Checkpoint, result: Verification
) -> dict[str, Any] | None:
    # (2)
    data, index = leaf["entry"].encode(), leaf["index"]
    entry = _entry(data)
    if entry is None or (entry.get("id") != flow and flow not in entry.get("f", ())):
        result.problems.append(f"leaf {index} is not a canonical entry of this flow")
        return None
    # (3)
    path = [base64.b64decode(hash_, validate=True) for hash_ in leaf["path"]]
    if root_from_path(leaf_hash(data), index, checkpoint.size, path) != checkpoint.root:
        result.problems.append(f"leaf {index} is not in the log")
        return None
    result.steps.append(f"leaf {index} ({entry['k']}) is in the log")
    # (4)
    for name, shown in leaf["groups"].items():
        if _group_holds(entry, name, shown, flow):
            result.steps.append(f"leaf {index}: group {name} is what was committed to")
        else:
            result.problems.append(f"leaf {index}: group {name} is not what was committed to")
    for name in leaf["withheld"]:
        result.steps.append(f"leaf {index}: group {name} is withheld or erased")
    missing = entry["c"].keys() - leaf["groups"].keys() - set(leaf["withheld"])
    if missing:
        result.problems.append(f"leaf {index}: nothing is said of group {min(missing)}")
    return entry


def _group_holds(entry: Mapping[str, Any], name: str, shown: Mapping[str, Any], flow: str) -> bool:
    body = shown["value"].encode()
    commitment = commit(base64.b64decode(shown["salt"], validate=True), body)
    if canonical(orjson.loads(body)) != body or name not in entry["c"]:
        return False
    expected = base64.b64decode(entry["c"][name], validate=True)
    if "f" not in entry:
        return commitment == expected
    position, size = shown["position"], shown["of"]
    if size != len(entry["f"]) or entry["f"][position] != flow:
        return False
    path = [base64.b64decode(hash_, validate=True) for hash_ in shown["path"]]
    return root_from_path(leaf_hash(commitment), position, size, path) == expected


def _check_story(flow: str, entries: list[tuple[int, dict[str, Any]]], result: Verification) -> None:
    intents = [index for index, entry in entries if entry["k"] == "intent"]
    outcomes = [index for index, entry in entries if entry["k"] == "outcome"]
    if len(outcomes) > 1:
        result.problems.append("the flow has more than one outcome")
    elif outcomes and any(index > outcomes[0] for index in intents):
        result.problems.append("an intent follows the outcome")
    elif outcomes:
        result.steps.append(f"the flow {flow} has {len(intents)} intent(s) and one outcome")
    else:
        result.steps.append(f"the flow {flow} has {len(intents)} intent(s) and no outcome yet")


_MEMBERS: dict[str, type] = {"k": str, "t": int, "w": str, "e": int, "n": int, "c": dict}
"""What every entry has."""


def _entry(data: bytes) -> dict[str, Any] | None:
    """The entry, None when it is not canonical or not of format 1."""
    try:
        entry = orjson.loads(data)
        sound = isinstance(entry, dict) and entry.get("v") == 1 and canonical(entry) == data
    except (orjson.JSONDecodeError, RecordInvalid):
        return None
    if not sound or any(not isinstance(entry.get(name), kind) for name, kind in _MEMBERS.items()):
        return None
    return dict(entry)


class _Story:
    """Streams and flows as the entries tell them."""

    def __init__(self, result: Verification) -> None:
        self._result = result
        self._next: dict[tuple[str, int], int] = {}
        self._closed: set[tuple[str, int]] = set()
        self._open: dict[str, tuple[int, tuple[str, int]]] = {}
        self._done: set[str] = set()

    def add(self, index: int, entry: Mapping[str, Any]) -> None:
        stream = (entry["w"], entry["e"])
        expected = self._next.get(stream, 0)
        if entry["n"] != expected:
            self._problem(f"leaf {index}: stream {stream[0]}/{stream[1]} jumps from {expected} to {entry['n']}")
        if stream in self._closed:
            self._problem(f"leaf {index}: stream {stream[0]}/{stream[1]} goes on after it was closed")
        self._next[stream] = entry["n"] + 1
        kind, flow = entry["k"], entry.get("id", "")
        if kind == "intent":
            if flow in self._done:
                self._problem(f"leaf {index}: an intent follows the outcome of flow {flow}")
            self._open.setdefault(flow, (index, stream))
        elif kind == "outcome":
            if flow in self._done:
                self._problem(f"leaf {index}: a second outcome of flow {flow}")
            self._open.pop(flow, None)
            self._done.add(flow)
        elif kind == "settle":
            for settled in entry.get("f", ()):
                if settled not in self._done and settled not in self._open:
                    self._problem(f"leaf {index}: settles flow {settled}, of which there is no record")
        elif kind == "close":
            self._close(index, entry.get("x"))

    def _close(self, index: int, said: object) -> None:
        if not isinstance(said, dict) or not {"writer", "epoch", "count"} <= said.keys():
            self._problem(f"leaf {index}: a stream was closed, and it does not say which")
            return
        stream = (said["writer"], said["epoch"])
        count = self._next.setdefault(stream, 0)
        if count != said["count"]:
            self._problem(f"leaf {index}: stream {stream[0]}/{stream[1]} closed with {said['count']}, has {count}")
        self._closed.add(stream)

    def finish(self) -> None:
        result = self._result
        epochs: dict[str, list[int]] = {}
        for writer, epoch in self._next:
            epochs.setdefault(writer, []).append(epoch)
        for writer, found in epochs.items():
            missing = set(range(1, max(found) + 1)) - set(found)
            if missing:
                self._problem(f"writer {writer}: epoch {min(missing)} is missing")
            for epoch in sorted(found)[:-1]:
                if (writer, epoch) not in self._closed and writer == _OWN:
                    self._problem(f"stream {writer}/{epoch} was never closed")
        in_flight = 0
        for flow, (index, stream) in self._open.items():
            if stream in self._closed:
                self._problem(f"leaf {index}: flow {flow} has an intent and no outcome, its stream is closed")
            else:
                in_flight += 1
        result.steps.append(f"{len(self._next)} streams are dense, {len(self._closed)} of them closed with their count")
        result.steps.append(f"{len(self._done)} flows have one outcome each; {in_flight} are open in living streams")

    def _problem(self, text: str) -> None:
        self._result.problems.append(text)


def verify_log(
    entries: Iterable[tuple[int, bytes]],
    vkey: str,
    checkpoints: Iterable[str],
    tiles: Callable[[int, int], bytes | None] | None = None,
    check: Callable[[int, Mapping[str, Any]], Collection[str]] | None = None,
) -> Verification:
    """Check a whole log: (index, entry) in order, checkpoint notes, full tiles by (level, index).

    `check` may look at what else is kept of a leaf and return problems. Memory grows with the number of flows.
    """
    result = Verification()
    heads = _heads(checkpoints, VerifierKey.parse(vkey), result)
    tree, story, level0 = Tree(), _Story(result), bytearray()
    levels: dict[int, list[bytes]] = {}
    for index, data in entries:
        if index != tree.size:
            result.problems.append(f"leaf {tree.size} is missing")
            return result
        hash_ = leaf_hash(data)
        tree.append(hash_)
        level0 += hash_
        if len(level0) == _WIDTH * 32:
            _check_tile(tiles, levels, 0, bytes(level0), tree.size // _WIDTH - 1, result)
            level0.clear()
        for head in heads.pop(tree.size, ()):
            if head.root != tree.root():
                result.problems.append(f"the checkpoint over {head.size} leaves has another root: the log was altered")
        entry = _entry(data)
        if entry is None:
            result.problems.append(f"leaf {index} is not a canonical entry of format 1")
            continue
        story.add(index, entry)
        if check is not None:
            result.problems.extend(check(index, entry))
    result.steps.append(f"{tree.size} leaves were hashed again")
    for size in sorted(heads):
        if size > 0:
            result.problems.append(
                f"a checkpoint over {size} leaves was signed, the log has {tree.size}: its end is cut off"
            )
    story.finish()
    return result


def _heads(notes: Iterable[str], key: VerifierKey, result: Verification) -> dict[int, list[Checkpoint]]:
    heads: dict[int, list[Checkpoint]] = {}
    count = 0
    for note in notes:
        try:
            checkpoint = verify(note, key)
        except ProofInvalid as error:
            result.problems.append(str(error))
            continue
        heads.setdefault(checkpoint.size, []).append(checkpoint)
        count += 1
    if count:
        result.steps.append(f"{count} checkpoints are signed by {key.name}")
    else:
        result.problems.append("there is no checkpoint signed by this key")
    return heads


def _check_tile(
    tiles: Callable[[int, int], bytes | None] | None,
    levels: dict[int, list[bytes]],
    level: int,
    hashes: bytes,
    index: int,
    result: Verification,
) -> None:
    """Compare a tile that has become full, and those above it that it completes."""
    if tiles is None:
        return
    if tiles(level, index) != hashes:
        result.problems.append(f"tile {level}/{index} does not hold the hashes of its leaves")
    above = levels.setdefault(level + 1, [])
    above.append(root_of(hashes[i : i + 32] for i in range(0, len(hashes), 32)))
    if len(above) == _WIDTH:
        done = (index + 1) // _WIDTH - 1
        levels[level + 1] = []
        _check_tile(tiles, levels, level + 1, b"".join(above), done, result)
