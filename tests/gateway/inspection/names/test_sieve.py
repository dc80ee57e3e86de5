"""The first look that spares the network most of a text: the same in C and in NumPy, and without a trace on what is scored."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection import names
from gateway.inspection.names import Tagger
from gateway.inspection.names.features import Featuriser, Tokens
from gateway.inspection.names.network import Network, _in_c
from gateway.inspection.names.sieve import BESIDE, NOTHING, spread

MODEL = Path(names.__file__).with_name("model")
PROSE = "it goes on at once and keeps what others can check, so that a stream of words stays a stream of words. "
NAMED = "Please write to Maria Lopez at 12 Baker Street, London before the third of May. "
WORDS = [
    "Priya",
    "Raman",
    "欧阳文静",
    "在北京",
    "the",
    "order",
    "of",
    "things",
    "42",
    "\n",
    " ",
    " ",
    ",",
    ".",
    "write to",
]
texts = st.lists(st.sampled_from(WORDS), max_size=120).map("".join)


@pytest.fixture(scope="module")
def sifting() -> Network:
    return Network(MODEL)


@pytest.fixture(scope="module")
def thorough() -> Network:
    """The same network, which scores every token."""
    return Network(MODEL, sifting=False)


def tokens_of(network: Network, *block: str) -> Tokens:
    return Featuriser(network.table, 32_768).read(block)


def scored(scores: np.ndarray) -> np.ndarray:
    """Which tokens were looked at."""
    return scores[:, 1] != NOTHING


def test_prose_without_names_is_left_out_and_names_are_looked_at(sifting: Network) -> None:
    prose, named = (scored(sifting.scores(tokens_of(sifting, text * 5))) for text in (PROSE, NAMED))
    assert prose.mean() < 0.1
    assert named.mean() > 0.4


@settings(max_examples=150, deadline=None)
@given(block=st.lists(texts, min_size=1, max_size=4))
def test_c_looks_at_the_tokens_that_numpy_looks_at(sifting: Network, block: list[str]) -> None:
    if sifting._fast is None:
        pytest.skip("the network does not run in C here")
    tokens = tokens_of(sifting, *block)
    assert np.array_equal(scored(sifting.scores(tokens)), scored(sifting._by_graph(tokens)))


@pytest.fixture(scope="module", params=[True, False], ids=["tiles", "vectors"])
def both(request: pytest.FixtureRequest) -> tuple[Network, Network]:
    """A network that sifts and one that does not, with the processor's matrix unit or without."""
    made = Network(MODEL), Network(MODEL, sifting=False)
    for network in made:
        arrays = network._vocabulary, network._bucket, network._embedding, network._sieve
        network._fast = _in_c(MODEL, *arrays, tiles=request.param)
    return made


@settings(max_examples=60, deadline=None)
@given(block=st.lists(texts, min_size=1, max_size=4))
def test_what_is_looked_at_has_the_scores_of_the_whole_network(both: tuple[Network, Network], block: list[str]) -> None:
    some, every = both
    if every._fast is None:
        pytest.skip("the network does not run in C here")
    tokens = tokens_of(some, *block)
    ours = some.scores(tokens)
    own = scored(ours)
    assert np.array_equal(ours[own], every.scores(tokens)[own])


def test_a_long_text_is_looked_at_window_by_window_without_a_trace(sifting: Network, thorough: Network) -> None:
    """Names wherever they stand beside the end of a window of 512 tokens."""
    for words in range(485, 512, 3):
        text = "of " * words + NAMED + "and so on " * 60 + NAMED
        tokens = tokens_of(sifting, text)
        ours = sifting.scores(tokens)
        own = scored(ours)
        assert own.any()
        assert not own.all()
        assert np.array_equal(own, scored(sifting._by_graph(tokens)))
        assert np.abs(ours[own] - thorough.scores(tokens)[own]).max() < 1e-6


def test_a_text_is_looked_at_alone_as_among_others(sifting: Network) -> None:
    block = [PROSE, NAMED, "", "Erik", PROSE + NAMED]
    together = tokens_of(sifting, *block)
    assert sifting._sieve is not None
    near = sifting._sieve.near(sifting._sums(together.hashes), together.first)
    for index, text in enumerate(block):
        alone = tokens_of(sifting, text)
        own = near[together.first[index] : together.first[index + 1]]
        assert np.array_equal(own, sifting._sieve.near(sifting._sums(alone.hashes), alone.first))


def test_tokens_within_reach_of_a_marked_one_are_looked_at_in_their_own_text_alone() -> None:
    flags = np.zeros(20, np.bool_)
    flags[[4, 12]] = True
    near = spread(flags, np.array([0, 6, 6, 20]), BESIDE)
    assert np.flatnonzero(near).tolist() == [*range(1, 6), *range(9, 16)]


def test_a_model_without_a_sieve_scores_every_token(tmp_path: Path) -> None:
    for name in ("model.json", "network.onnx", "blocks.npz", "vocabulary.npz"):
        shutil.copy(MODEL / name, tmp_path)
    bare = Network(tmp_path)
    assert scored(bare.scores(tokens_of(bare, PROSE))).all()
    assert bare.digest != Network(MODEL).digest
    assert bare.digest == Network(MODEL, sifting=False).digest


def test_a_sieve_of_another_form_is_refused(tmp_path: Path) -> None:
    for path in MODEL.iterdir():
        shutil.copy(path, tmp_path)
    with np.load(MODEL / "sieve.npz") as file:
        arrays = dict(file)
    for name, wrong in (
        ("wide", arrays["wide"][:-1]),
        ("single", np.array([0, 40, 0], np.int32)),
        ("last", arrays["last"][:3]),
        ("teacher", arrays["teacher"] + 1),
    ):
        np.savez(tmp_path / "sieve.npz", **{**arrays, name: wrong})
        with pytest.raises(ValueError, match="sieve"):
            Tagger(tmp_path)
    np.savez(tmp_path / "sieve.npz", **{name: value for name, value in arrays.items() if name != "wide"})
    with pytest.raises(ValueError, match="sieve"):
        Tagger(tmp_path)
