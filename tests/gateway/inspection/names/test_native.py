"""The C extension says what NumPy and onnxruntime say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.names import Tagger
from gateway.inspection.names.decode import runs_in_numpy
from gateway.inspection.names.tagger import _Piece

native = pytest.importorskip("gateway.inspection.names._tagger", reason="the C extension was not built")

WORDS = [
    "Priya",
    "Raman",
    "李",
    "雷",
    "在北京",
    "the",
    "order",
    "42",
    "\n",
    " ",
    ",",
    "é",
    "ß",
    "😀",
    "𠀀",
    "\ud800",
    "\u3000",
    "AbC",
]
texts = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), max_size=40).map("".join)
CLOSE = 0.25
"""Scores may differ where rounding falls to the other side of an 8-bit step: of 700 random texts one by .1."""


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger()


@settings(max_examples=200, deadline=None)
@given(text=texts)
def test_features_are_the_same(tagger, text):
    reader = tagger._featuriser
    padded = f"\n\x1e\n{text}\n\x1e\n"
    for ours, theirs in zip(reader._in_c(padded), reader._in_numpy(padded), strict=True):
        assert ours.dtype == theirs.dtype
        assert np.array_equal(ours, theirs)


@settings(max_examples=60, deadline=None)
@given(block=st.lists(texts, min_size=1, max_size=5))
def test_scores_are_the_same_but_for_rounding(tagger, block):
    if not native.supported():
        pytest.skip("this processor has no AVX-512 VNNI")
    tokens = tagger._featuriser.read(block)
    ours, theirs = tagger._network.scores(tokens), tagger._network._by_graph(tokens)
    assert ours.shape == theirs.shape
    assert len(ours) == 0 or np.abs(ours - theirs).max() < CLOSE


@settings(max_examples=200, deadline=None)
@given(block=st.lists(texts, min_size=1, max_size=5))
def test_a_text_at_once_has_the_spans_that_it_has_step_by_step(tagger, block):
    if not native.supported():
        pytest.skip("this processor has no AVX-512 VNNI")
    pieces = [_Piece(index, 0, text) for index, text in enumerate(block)]
    assert list(tagger._tag_block(pieces)) == list(tagger._tag_together(pieces))


def test_a_long_text_at_once_has_the_spans_that_it_has_step_by_step(tagger):
    if not native.supported():
        pytest.skip("this processor has no AVX-512 VNNI")
    text = "Dear Priya Raman, 李雷 met you at 12 High Street, Leeds (rear). " * 150
    at_once, steps = tagger._tag_block([_Piece(0, 0, text)]), tagger._tag_together([_Piece(0, 0, text)])
    assert list(at_once) == list(steps)


def test_a_text_at_once_is_refused_under_rules_that_do_not_fit(tagger):
    if not native.supported():
        pytest.skip("this processor has no AVX-512 VNNI")
    table, rules = tagger._network.table, tagger._decoder.rules
    with pytest.raises(ValueError, match="another size"):
        native.found(tagger._network._fast, "text", table.kind[:10], table.lower, table.upper, *rules)
    with pytest.raises(ValueError, match="fit together"):
        native.found(tagger._network._fast, "text", table.kind, table.lower, table.upper, rules[0][:5], *rules[1:])


def test_a_long_text_is_scored_window_by_window_without_a_trace(tagger):
    if not native.supported():
        pytest.skip("this processor has no AVX-512 VNNI")
    tokens = tagger._featuriser.read(["Dear Priya Raman, 李雷 met you in Leeds. " * 150])
    ours, theirs = tagger._network.scores(tokens), tagger._network._by_graph(tokens)
    assert len(ours) > 512
    assert np.abs(ours - theirs).max() < CLOSE


def test_tables_that_do_not_fit_are_refused(tagger):
    table = tagger._network.table
    with pytest.raises(ValueError, match="another size"):
        native.features("text", table.kind[:10], table.lower, table.upper)
    with pytest.raises(ValueError, match="form"):
        native.load(b"", b"", b"", b"", b"", (), b"", b"", 1e-5, 13, True, None)


def test_tokens_out_of_order_are_refused(tagger):
    if tagger._network._fast is None:
        pytest.skip("the network does not run in C here")
    hashes = np.zeros((4, 7), np.uint32)
    for first in ([0, 5], [1, 4], [0, 3, 2, 4]):
        with pytest.raises(ValueError, match="order"):
            native.scores(tagger._network._fast, hashes, np.array(first, np.int64))


@given(
    scores=st.lists(st.lists(st.floats(-8, 8, width=32), min_size=13, max_size=13), max_size=30),
    sharp=st.booleans(),
)
def test_the_runs_in_c_are_those_in_numpy(scores, sharp):
    bias = np.array([0, 4, 4, 4.5, 4.5, 1, 1, 0, 0, 2, 2, 2, 2], np.float32)
    rows = np.array(scores, np.float32).reshape(-1, 13) * (3 if sharp else 1)
    ours = native.runs(rows, bias, 0, len(rows), 0, 0.6, 0.2)
    theirs = runs_in_numpy(rows, bias, 0)
    assert [run[:3] for run in ours] == [run[:3] for run in theirs]
    assert [run[3] for run in ours] == pytest.approx([run[3] for run in theirs], abs=1e-4)


def test_scores_that_do_not_fit_their_tags_are_refused():
    rows, bias = np.zeros((4, 13), np.float32), np.zeros(13, np.float32)
    for wrong in (
        (rows, bias[:4], 0, 4),
        (rows, bias, 2, 1),
        (rows, bias, 0, 5),
        (rows, np.zeros(17, np.float32), 0, 1),
    ):
        with pytest.raises(ValueError, match="fit together"):
            native.runs(*wrong, 0, 0.6, 0.2)
