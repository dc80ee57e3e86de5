"""The tagger as its callers see it, with the model that ships."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.flow import Span
from gateway.inspection import names
from gateway.inspection.names import Tagger
from gateway.inspection.names.features import Featuriser
from gateway.inspection.names.network import REACH, Network

MODEL = Path(names.__file__).with_name("model")
LETTER = (
    "Dear Deborah Garcia,\n\nyour order will be delivered to 12 Baker Street, London NW1 6XE.\n\n"
    "Regards,\nPriya Raman\nNorthwind Traders Ltd"
)
ORDER = "客服:您好,请问怎么称呼?\n用户:我叫欧阳文静,收货地址是北京市朝阳区建国路88号3单元201室,联系人张建国。"


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger()


def found(tagger: Tagger, text: str, label: str = "PERSON") -> list[str]:
    return [text[s.start : s.end] for s in tagger.tag([text])[0] if s.label == label]


def test_an_english_letter(tagger: Tagger) -> None:
    assert found(tagger, LETTER) == ["Deborah Garcia", "Priya Raman"]
    assert found(tagger, LETTER, "ADDRESS") == ["12 Baker Street, London NW1 6XE"]


def test_a_chinese_conversation(tagger: Tagger) -> None:
    assert found(tagger, ORDER) == ["欧阳文静", "张建国"]
    assert found(tagger, ORDER, "ADDRESS") == ["北京市朝阳区建国路88号3单元201室"]


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("could you ask sandra miller and tom whether they will come", ["sandra miller", "tom"]),
        ("Die Richterin Dr. Kriener sowie der Richter Merzbach beschlossen :", ["Kriener", "Merzbach"]),
        ("Der Angeklagte O. räumte ein , den Zeugen K. gekannt zu haben .", ["O", "K"]),
        ("Médico: Belén Fernández Álvarez NºCol: 28 28 54136.", ["Belén Fernández Álvarez"]),
        ("Erik, Amy, Nathaniel and Donald were late.", ["Erik", "Amy", "Nathaniel", "Donald"]),
        ("该片由乔治·卢卡斯执导,张曼玉主演。", ["乔治·卢卡斯", "张曼玉"]),
    ],
)
def test_people_in_many_kinds_of_text(tagger: Tagger, text: str, people: list[str]) -> None:
    assert found(tagger, text) == people


def test_dates_and_nationalities_are_found_and_yield_to_what_names_somebody(tagger: Tagger) -> None:
    text = "The German author Hanna Weber was born on 12 March 1961."
    spans = {s.label: s for s in tagger.tag([text])[0]}
    assert text[spans["DATE"].start : spans["DATE"].end] == "12 March 1961"
    assert text[spans["NRP"].start : spans["NRP"].end] == "German"
    assert max(spans["DATE"].score, spans["NRP"].score) <= 0.5 < spans["PERSON"].score


def test_offsets_are_code_points_of_the_given_text(tagger: Tagger) -> None:
    text = "😀😀 \r\n👨‍👩‍👧 请联系张建国,谢谢 🙏"
    assert found(tagger, text) == ["张建国"]


def test_spans_carry_label_score_and_detector(tagger: Tagger) -> None:
    for span in tagger.tag([LETTER])[0]:
        assert span.label in {"PERSON", "ADDRESS", "LOCATION", "ORG", "DATE", "NRP"}
        assert 0.0 <= span.score <= 1.0
        assert span.detector == "names"


def test_texts_without_anything_to_find(tagger: Tagger) -> None:
    assert tagger.tag(["", " ", "123-456", "\n\n", "{}[];", "x"]) == [[], [], [], [], [], []]
    assert tagger.tag([]) == []


@pytest.mark.parametrize(
    "text",
    [
        "def total(items: list[Item]) -> Decimal:\n    return sum(item.price for item in items)",
        '{"status": "ok", "code": 200, "retry": false, "path": "/v1/orders/8841"}',
        "March 2026 report: May sales rose 31.5%; June was flat.",
        "How does a Bloom filter differ from a Merkle tree?",
        "机器学习中的高斯分布、马尔可夫链和张量是什么意思?",
        "本周王牌产品的毛利率上升,金融科技板块的白皮书周末发布。",
        "kubectl get pods -n kube-system | grep Running",
        "请用要点列出,不要编造事实。",
    ],
)
def test_hard_negatives_name_nobody(tagger: Tagger, text: str) -> None:
    assert found(tagger, text) == []


text_of_anything = st.text(max_size=120) | st.text(
    st.sampled_from("张王李三四建国明 JohnSmith\n,.,。:路号12市区\x1e\u200b\ud83d😀é-@"), max_size=200
)


@settings(max_examples=60, deadline=None)
@given(st.lists(text_of_anything, max_size=6))
def test_any_text_gives_ordered_spans_inside_it_alone_as_among_others(tagger: Tagger, texts: list[str]) -> None:
    together = tagger.tag(texts)
    assert len(together) == len(texts)
    for text, spans in zip(texts, together, strict=True):
        assert all(0 <= s.start < s.end <= len(text) for s in spans)
        assert all(a.end <= b.start for a, b in pairwise(spans))
        assert tagger.tag([text]) == [spans]


def test_a_text_gets_the_same_spans_in_any_company(tagger: Tagger) -> None:
    crowd = [LETTER * 3, ORDER * 40, "x", "", LETTER, ORDER]
    alone = [tagger.tag([text])[0] for text in crowd]
    assert tagger.tag(crowd) == alone
    assert tagger.tag(crowd[::-1]) == alone[::-1]
    assert tagger.tag(crowd * 30) == alone * 30


def test_windows_leave_no_trace_in_the_scores() -> None:
    network = Network(MODEL)
    reader = Featuriser(network.table, 60_000)
    tokens = reader.read([ORDER * 60])  # several windows
    short = reader.read([ORDER * 10])  # one
    inner = len(short.start) - REACH - 2  # an n-gram looks two characters ahead
    assert np.array_equal(network.scores(tokens)[:inner], network.scores(short)[:inner])


def test_a_long_text_is_cut_where_nothing_is_lost(tagger: Tagger) -> None:
    text = "\n".join(f"{i}. {LETTER}" for i in range(400))
    spans = tagger.tag([text])[0]
    names_found = [text[s.start : s.end] for s in spans if s.label == "PERSON"]
    assert names_found.count("Deborah Garcia") == 400
    assert names_found.count("Priya Raman") == 400


def test_a_long_text_without_a_place_to_cut(tagger: Tagger) -> None:
    spans: list[Span] = tagger.tag(["张" * 40_000 + "a" * 40_000])[0]
    assert all(s.end <= 80_000 for s in spans)


def test_two_taggers_agree_and_name_the_same_model(tagger: Tagger) -> None:
    other = Tagger(MODEL)
    assert other.tag([LETTER, ORDER]) == tagger.tag([LETTER, ORDER])
    assert other.version == tagger.version
    assert len(tagger.version) == 64


def test_the_model_is_small_enough_to_ship() -> None:
    assert sum(file.stat().st_size for file in MODEL.iterdir()) <= 10_000_000


def test_a_missing_or_damaged_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"model\.json"):
        Tagger(tmp_path)
    (tmp_path / "model.json").write_text("{", "utf-8")
    with pytest.raises(ValueError, match="Expecting"):
        Tagger(tmp_path)


def test_memory_does_not_grow_with_use(tagger: Tagger) -> None:
    texts = [LETTER * 20, ORDER * 30, "x" * 5000, LETTER]
    for _ in range(5):
        tagger.tag(texts)
    before = psutil.Process().memory_info().rss
    for turn in range(60):
        tagger.tag([text + str(turn) for text in texts])
    assert psutil.Process().memory_info().rss - before < 16 * 1024 * 1024
