"""The model file: vocabulary, embeddings and the small integer network over them.

Where the processor has AVX-512 VNNI, the C extension `native/tagger.c` works the network out (with its matrix unit, AMX,
where it has one); elsewhere, and where no extension was built, onnxruntime does. All make the same integer products; scores
differ by rounding at most.

Arithmetic that could depend on what else is in a batch is avoided: activations are quantised with fixed scales, the
products are exact integers, and every text stands between `REACH` empty positions, further than any token sees. So
a text gets the same scores alone and among others, and long inputs can be cut into windows without a trace.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.inspection.names.features import CharacterTable, Tokens
from gateway.inspection.names.runtime import onnxruntime
from gateway.inspection.names.sieve import NOTHING, Sieve, spread

REACH = 16
"""Tokens to either side that the five blocks see (distances 1 + 1 + 2 + 4 + 8)."""

_native: Any
try:
    _native = importlib.import_module("gateway.inspection.names._tagger")
except ImportError:  # no compiler was there when this was installed
    _native = None

_FORM = ((96, 160), 5)  # inner width and width, blocks: what the extension was written for
_WINDOW = 2048  # rows given to one run of the session: bounds its memory
_FINEST = 31  # of an embedding: the sum of four fits into eight bits
_BUCKET_BITS = 18  # of a feature hash, to enter the sorted vocabulary


@dataclass(frozen=True, slots=True)
class Decision:
    """How scores become spans; chosen on development data and stored with the model."""

    labels: tuple[str, ...]  # tags are O, then B- and I- of each label in this order
    biases: tuple[float, ...]  # added to the scores of each label's tags before the best is taken
    thresholds: tuple[float, ...]  # least mean probability of a span, for each label
    calibration: Mapping[str, Sequence[tuple[float, float]]]  # a label's line from that to the share that is right


class Network:
    """One loaded model. `digest` names its content: it is part of every cache key above. `taught`: that of its weights alone."""

    def __init__(self, folder: Path, *, sifting: bool = True) -> None:
        """`sifting`: whether only those tokens are scored near which the sieve lets a name stand.

        Raises OSError or ValueError if a file of the model is missing or damaged.
        """
        card_text = (folder / "model.json").read_bytes()
        card = json.loads(card_text)
        self.decision = Decision(
            tuple(card["labels"]), tuple(card["biases"]), tuple(card["thresholds"]), card.get("calibration", {})
        )
        with np.load(folder / "vocabulary.npz") as arrays:
            self.table = CharacterTable(arrays["kind"], arrays["lower"], arrays["upper"])
            self._vocabulary: NDArray[np.uint32] = arrays["vocabulary"]
            self._embedding: NDArray[np.int8] = arrays["embedding"]  # row 0: a feature that training never saw
        if self._embedding.max() > _FINEST or self._embedding.min() < -_FINEST:
            raise ValueError("embeddings of the names model are out of range")
        bounds = np.arange((1 << _BUCKET_BITS) + 1, dtype=np.uint64) << np.uint64(32 - _BUCKET_BITS)
        edges = np.searchsorted(self._vocabulary, bounds)
        self._bucket = edges[:-1].astype(np.int32)
        self._deepest = int(np.diff(edges).max())
        self._graph = (folder / "network.onnx").read_bytes()
        whole = card_text, self._graph, (folder / "vocabulary.npz").read_bytes()
        parts = [hashlib.sha256(part).digest() for part in whole]
        self.taught = hashlib.sha256(b"".join(parts[1:])).digest()
        sieve = folder / "sieve.npz"
        self._sieve = Sieve.load(sieve, self.taught) if sifting and sieve.exists() else None
        self._fast = _in_c(folder, self._vocabulary, self._bucket, self._embedding, self._sieve)
        if self._fast is None:
            _ = self._session  # made now: no text waits for it
        self._tags = 1 + 2 * len(self.decision.labels)
        if self._sieve is not None:
            parts.append(hashlib.sha256(sieve.read_bytes()).digest())
        self.digest = hashlib.sha256(b"".join(parts)).hexdigest()  # blocks.npz says what the graph says

    def rows(self, hashes: NDArray[np.uint32]) -> NDArray[np.int32]:
        """Embedding row of every feature hash; 0 for one that is not in the vocabulary."""
        flat = hashes.ravel()
        last = np.int32(len(self._vocabulary) - 1)
        place = np.minimum(self._bucket[flat >> np.uint32(32 - _BUCKET_BITS)], last)
        found = np.zeros(len(flat), np.int32)
        for _ in range(self._deepest):
            hit = self._vocabulary[place] == flat
            found[hit] = place[hit] + 1
            place = np.minimum(place + 1, last)
        return found.reshape(hashes.shape)

    def scores(self, tokens: Tokens) -> NDArray[np.float32]:
        """Scores (logits) of every tag for every token: shape (tokens, tags). Where the sieve lets no name stand those of none."""
        count = len(tokens.start)
        if not count:
            return np.zeros((0, self._tags), np.float32)
        if self._fast is not None:
            result = np.frombuffer(_native.scores(self._fast, tokens.hashes, tokens.first.astype(np.int64)), np.float32)
            return result.reshape(count, self._tags)
        return self._by_graph(tokens)

    def found(self, text: str, rules: Sequence[Any]) -> list[Any] | None:
        """The runs of one text (`decode.Found`), features and scores worked out on the way; None without the extension."""
        if self._fast is None:
            return None
        table = self.table
        runs: list[Any] = _native.found(self._fast, text, table.kind, table.lower, table.upper, *rules)
        return runs

    @cached_property
    def _session(self) -> Any:
        """What works the network out where the extension does not."""
        return _session(self._graph)

    def _by_graph(self, tokens: Tokens) -> NDArray[np.float32]:
        sums = self._sums(tokens.hashes)
        if self._sieve is None:
            return self._scored(sums, tokens.first)
        near = self._sieve.near(sums, tokens.first)
        seen = spread(near, tokens.first, REACH)
        scores = np.full((len(sums), self._tags), NOTHING, np.float32)
        scores[:, 0] = 0
        if near.any():
            edges = np.concatenate(([0], np.cumsum(seen)))[tokens.first]
            scores[near] = self._scored(sums[seen], edges)[near[seen]]
        return scores

    def _scored(self, sums: NDArray[np.int16], first: NDArray[np.int64]) -> NDArray[np.float32]:
        """Scores of all these rows. `first`: where each text's begin, and the end of the last."""
        texts = len(first) - 1
        # each text shifted by REACH empty rows more than the one before
        text = np.repeat(np.arange(texts), np.diff(first))
        place = np.arange(len(sums)) + REACH * (text + 1)
        padded = np.zeros((len(sums) + REACH * (texts + 1), sums.shape[1]), np.float32)
        padded[place] = sums
        result: NDArray[np.float32] = self._run(padded)[place]
        return result

    def _sums(self, hashes: NDArray[np.uint32]) -> NDArray[np.int16]:
        """Sum of a token's embedding rows: at most 7 * 31, in eight bits as far as that goes."""
        columns = np.ascontiguousarray(self.rows(hashes).T)
        halves = []
        for part in (columns[:4], columns[4:]):
            half = self._embedding.take(part[0], 0)
            for column in part[1:]:
                half += self._embedding.take(column, 0)
            halves.append(half)
        total: NDArray[np.int16] = np.add(*halves, dtype=np.int16)
        return total

    def _run(self, padded: NDArray[np.float32]) -> NDArray[np.float32]:
        if len(padded) <= _WINDOW + 2 * REACH:
            result: NDArray[np.float32] = self._session.run(None, {"x": padded})[0]
            return result
        out = np.empty((len(padded), self._tags), np.float32)
        for begin in range(0, len(padded), _WINDOW):
            low, high = max(0, begin - REACH), min(len(padded), begin + _WINDOW + REACH)
            window = self._session.run(None, {"x": padded[low:high]})[0]
            stop = min(len(padded), begin + _WINDOW)
            out[begin:stop] = window[begin - low : stop - low]
        return out


def _in_c(
    folder: Path,
    vocabulary: NDArray[Any],
    bucket: NDArray[Any],
    embedding: NDArray[Any],
    sieve: Sieve | None = None,
    *,
    tiles: bool = True,
) -> Any:
    """The network for the C extension; None where that cannot run here or was written for another form.

    `tiles`: whether it may use the matrix unit of a processor that has one.
    """
    path = folder / "blocks.npz"
    if _native is None or not _native.supported() or not path.exists():
        return None
    with np.load(path) as arrays:
        value = {name: np.ascontiguousarray(arrays[name]) for name in arrays.files}
    blocks = sum(name.startswith("step") for name in value)
    if (value["in_w"].shape, blocks) != _FORM:
        return None
    layers = tuple(
        (
            value[f"w{k}"],
            value[f"step{k}"].item(),
            value[f"scale{k}"],
            value[f"b{k}"],
            value[f"gain{k}"],
            value[f"shift{k}"],
        )
        for k in range(blocks)
    )
    ends = value["in_w"], value["in_b"], layers, value["out_w"], value["out_b"]
    form = value["epsilon"].item(), value["out_w"].shape[1], tiles
    return _native.load(vocabulary, bucket, embedding, *ends, *form, None if sieve is None else sieve.arrays)


def _session(graph: bytes) -> Any:
    """One thread: parallelism is the inspector processes', and a second thread would only make timing uneven.

    Loaded here: where the extension runs, an inspector starts a tenth of a second earlier without it.
    """
    module = onnxruntime()
    options = module.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return module.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
