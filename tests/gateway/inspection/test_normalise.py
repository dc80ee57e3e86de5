"""Normalisation: what is undone, and that every span finds its way back."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.normalise import normalise

ODD = "\u200b\u200d\u202e\u2060\ufeff\u00ad\ufe0f０９Ａｚ＠．\u0301é\u00a0\u3000㎏ﬁ٣𝟗①a1 -x号。"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("１３９１２３４５６７８", "13912345678"),
        ("4111\u200b1111", "41111111"),
        ("a\u202eb\u2066c", "abc"),
        ("１ ２", "1 2"),
        ("４１１１\u00a01111", "4111 1111"),
        ("Ａ＠ｂ．com", "A@b.com"),
        ("e\u0301t\u00e9", "été"),
        ("٠١٢٣", "0123"),
        ("ﬁ㎏", "fikg"),
        ("tel 1 3 9 1 2 3 4 5 6 7 8 ok", "tel 13912345678 ok"),
        ("1-3-9-1-2-3-4-5", "13912345"),
        ("trİple six SİX ſix ſıx siX six six six", "6666666666"),
        ("J\\303\\266rg \\101nna \\U0000006de", "Jörg Anna me"),
        ("J=C3=B6rg M=C3=BCller=E4=B8=AD", "Jörg Müller中"),
        ("=6D=61=72=69=61=40=65=78=61=6D", "maria@exam"),
        (
            "Content-Transfer-Encoding: quoted-printable\n\nmaria=2Esch=\nneider=40a=2Ede",
            "Content-Transfer-Encoding: quoted-printable\n\nmaria.schneider@a.de",
        ),
        ("=?UTF-8?Q?maria=40a=2Ede?=", "=?UTF-8?Q?maria@a.de?="),
        ("四-one-two-three-four-five-six-seven", "41234567"),
        ("一 san ba yi er san si wu", "13812345"),
        ("ſān sān ſi yī yī yī yī", "3341111"),
    ],
)
def test_disguises_are_undone(text, plain):
    assert normalise(text).text == plain


@pytest.mark.parametrize(
    "text",
    [
        "plain text, 12:30",
        "密码：abc，你好（真的）。",
        "card=4111111111111111 x=20",
        r"a\1 \99 \400",
        "a=C3 b==",
        "1 2 3",
        "“quotes” — dash …",
        "",
    ],
)
def test_normal_text_is_passed_as_it_is(text):
    result = normalise(text)
    assert result.text is text
    assert result.starts is None


def test_a_span_covers_what_was_hidden_inside_it():
    text = "card ４１１１\u200b 1111!"
    normal = normalise(text)
    start = normal.text.index("4111 1111")
    assert text[slice(*normal.original(start, start + 9))] == "４１１１\u200b 1111"


@given(st.text(st.one_of(st.sampled_from(ODD), st.characters()), max_size=80))
def test_offsets_lead_back_in_order_and_inside(text):
    normal = normalise(text)
    if normal.starts is None:
        assert normal.text == text
        return
    assert len(normal.starts) == len(normal.ends) == len(normal.text)
    spots = list(zip(normal.starts, normal.ends, strict=True))
    assert all(0 <= start < end <= len(text) for start, end in spots)
    assert all(left[0] <= right[0] and left[1] <= right[1] for left, right in pairwise(spots))


@given(st.text(st.sampled_from("ab1 ：，。"), max_size=30), st.text(st.sampled_from("ab1 "), max_size=30))
def test_what_is_not_odd_keeps_its_place(before, after):
    text = f"{before}x\u200b{after}y"
    normal = normalise(text)
    for place, (start, end) in enumerate(zip(normal.starts, normal.ends, strict=True)):
        assert text[start:end] == normal.text[place]
