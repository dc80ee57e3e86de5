"""The network under the tagger: rows of features, and the same scores in C and in the graph."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection import names
from gateway.inspection.names import Tagger
from gateway.inspection.names.features import FEATURES, Tokens
from gateway.inspection.names.network import Network, _in_c

MODEL = Path(names.__file__).with_name("model")
TEXTS = (
    "Dear Deborah Garcia,\n\nyour order will be delivered to 12 Baker Street, London NW1 6XE.\n\nRegards,\nPriya Raman",
    "客服:您好,请问怎么称呼?\n用户:我叫欧阳文静,收货地址是北京市朝阳区建国路88号3单元201室,联系人张建国。" * 20,
    "",
    "Erik, Amy, Nathaniel and Donald were late.",
)


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(MODEL)


def by_search(network: Network, hashes: np.ndarray) -> np.ndarray:
    """The rows as a search in the sorted vocabulary finds them."""
    known = network._vocabulary
    place = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return np.where(known[place] == hashes, place + 1, 0)


def test_every_known_feature_has_its_row_the_last_one_too(network: Network) -> None:
    known = network._vocabulary
    assert np.array_equal(network.rows(known), np.arange(1, len(known) + 1))


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=50))
def test_a_feature_that_training_never_saw_has_row_0(network: Network, features: list[int]) -> None:
    hashes = np.array([*features, 0, 2**32 - 1], np.uint32)
    assert np.array_equal(network.rows(hashes), by_search(network, hashes))


def tokens_of(network: Network, counts: list[int]) -> Tokens:
    """Texts of so many tokens, of features that are known and some that are not."""
    chance = np.random.default_rng(7)
    hashes = chance.choice(network._vocabulary, (sum(counts), FEATURES))
    hashes[::3, 0] = chance.integers(0, 2**32, len(hashes[::3]), np.uint32)
    hashes[::5, 1] = network._vocabulary[-1]
    nothing = np.zeros(sum(counts), np.int64)
    return Tokens(nothing, nothing, hashes, nothing.astype(np.uint8), np.cumsum([0, *counts]))


@pytest.mark.parametrize("tiles", [True, False], ids=["tiles", "vectors"])
@pytest.mark.parametrize("counts", [[1], [0, 2, 0], [5, 16, 17], [511, 1, 512], [513, 33], [1100]])
def test_the_network_in_c_scores_as_the_graph_does(network: Network, counts: list[int], tiles: bool) -> None:
    """An activation that one of them rounds up and the other down moves a score by up to a tenth; scores reach 6."""
    if network._fast is None:
        pytest.skip("the processor has no AVX-512 VNNI, or the C extension was not built")
    tokens = tokens_of(network, counts)
    assert np.abs(in_c(tiles).scores(tokens) - network._by_graph(tokens)).max() < 0.25


@pytest.mark.parametrize("tiles", [True, False], ids=["tiles", "vectors"])
def test_the_network_in_c_scores_a_text_the_same_alone_and_among_others(network: Network, tiles: bool) -> None:
    if network._fast is None:
        pytest.skip("the processor has no AVX-512 VNNI, or the C extension was not built")
    counts = [33, 700, 1, 18]
    together = tokens_of(network, counts)
    edges = together.first.tolist()
    scores = in_c(tiles).scores(together)
    for low, high in itertools.pairwise(edges):
        own = slice(low, high)
        columns = together.start[own], together.end[own], together.hashes[own], together.kind[own]
        alone = Tokens(*columns, np.array([0, high - low]))
        assert np.array_equal(in_c(tiles).scores(alone), scores[own])


def in_c(tiles: bool) -> Network:
    """A network that does or does not use the processor's matrix unit, if it has one."""
    made = Network(MODEL)
    made._fast = _in_c(MODEL, made._vocabulary, made._bucket, made._embedding, made._sieve, tiles=tiles)
    return made


@pytest.mark.parametrize("other", ["vectors", "graph"])
def test_every_processor_finds_the_same_names(other: str) -> None:
    here, there = Tagger(MODEL), Tagger(MODEL)
    there._network = in_c(tiles=False)
    if other == "graph":
        there._network._fast = None
    for mine, its in zip(here.tag(TEXTS), there.tag(TEXTS), strict=True):
        assert [(span.start, span.end, span.label) for span in mine] == [(s.start, s.end, s.label) for s in its]
        assert [span.score for span in mine] == pytest.approx([span.score for span in its], abs=0.02)


MEANWHILE = """
import threading
from pathlib import Path
import numpy as np
from gateway.inspection import names
from gateway.inspection.names.network import Network, _native

network = Network(Path(names.__file__).with_name("model"))
texts, each = 2000, 10
hashes = np.full((texts * each, 7), network._vocabulary[5], np.uint32)
first = np.arange(0, texts * each + 1, each, dtype=np.int64)
said = _native.scores(network._fast, hashes, first.copy())
worker = threading.Thread(target=lambda: results.append(_native.scores(network._fast, hashes, first)))
results = []
worker.start()
first[texts // 2 :] = 1 << 40
worker.join()
assert results == [said]
"""


def test_edges_that_change_while_the_lock_is_let_go_change_nothing(network: Network) -> None:
    if network._fast is None:
        pytest.skip("the processor has no AVX-512 VNNI, or the C extension was not built")
    ran = subprocess.run([sys.executable, "-c", MEANWHILE], capture_output=True, text=True, check=False)
    assert ran.returncode in {0, 1}, "the interpreter did not survive"
    assert ran.returncode == 0 or "not in order" in ran.stderr  # they changed before the look at them
