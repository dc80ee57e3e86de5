"""Explicit labels: the right words in the answer's language, and none of them left in resent history."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watermark import label
from watermark.errors import UnknownProfile
from watermark.label import label_texts, language_of, strip, text_label
from watermark.profile import profile_for, profiles


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The quick brown fox jumps over the lazy dog and runs to you.", "en"),
        ("你好，我是一个语言模型。", "zh"),
        ("我用 Python 写了一个函数，然后测试它。", "zh"),
        ("こんにちは、今日は天気がいいですね。", "ja"),
        ("안녕하세요, 무엇을 도와드릴까요?", "ko"),
        ("Das ist ein Test, und er wird nicht lange dauern.", "de"),
        ("Bonjour, c'est une phrase pour vous.", "fr"),
        ("Esto es una prueba para los usuarios de la red.", "es"),
        ("Questo è un test per la lingua italiana.", "it"),
        ("Это ответ на русском языке.", "ru"),
        ("Say 你好 to the person that you meet in the morning.", "en"),
        ("12345 !!", "en"),
        ("", "en"),
    ],
)
def test_the_language_of_an_answer(text: str, language: str) -> None:
    assert language_of(text) == language


def test_the_notices_are_those_of_the_public_interface() -> None:
    profile = profile_for("CN", "public")
    assert profile is not None
    assert text_label(profile, "zh") == "【人工智能生成】"
    assert text_label(profile, "en") == "[AI-generated]"
    assert text_label(profile, "sw") == "[AI-generated]"  # no wording of its own
    assert set(label.LABEL_TEXTS) == set(label_texts()) >= {"[AI-generated]", "【人工智能生成】"}


def test_a_profile_belongs_to_a_jurisdiction_a_public_audience_or_an_explicit_choice() -> None:
    places = ("CN", "DE", "KR", "IN", "US-CA", "BR")
    names = {place: found.name for place in places if (found := profile_for(place, "public"))}
    assert names == {"CN": "cn", "DE": "eu", "KR": "kr", "IN": "in", "US-CA": "us-ca", "BR": "default"}
    assert profile_for("CN", "internal") is None
    assert profile_for("CN", "public", "none") is None
    assert profile_for("US", "public", "eu") is not None
    with pytest.raises(UnknownProfile, match="known: cn, eu"):
        profile_for("CN", "public", "atlantis")


def test_every_row_is_dated_and_says_how_sure_it_is() -> None:
    for row in profiles():
        assert row.certainty in ("secondary", "choice")
        assert row.source or row.certainty == "choice"
        assert row.since.year >= 2025
    places = [place for row in profiles() for place in row.jurisdictions]
    assert len(places) == len(set(places))
    assert len(next(row for row in profiles() if row.name == "eu").jurisdictions) == 27


@pytest.mark.parametrize(
    "resent",
    [
        "Hello.\n\n[AI-generated]",
        "Hello. [ai  generated] \n",
        "［AI‑generated］\u3000Hello.",
        "Hello.\r\n\u200b[AI\u00a0-\u00a0generated]\ufeff",
        "【人工 智能\n生成】\nHello.",
        "Hello.\n\n**[AI-generated]**",
        "[AI-generated] Hello. [AI-generated]\n[AI-generated]",
        "Hello." + unicodedata.normalize("NFD", "\n[Généré par IA]"),
    ],
)
def test_our_label_is_stripped_from_history_in_its_variants(resent: str) -> None:
    assert strip(resent) == "Hello."


@pytest.mark.parametrize(
    "text", ["Is [AI-generated] text ok?", " [AI-assisted] ", "AI-generated", "(AI-generated)", "  x  "]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert strip(text) == text


@given(st.text(), st.sampled_from(label_texts()))
def test_labelling_and_stripping_are_inverse(text: str, notice: str) -> None:
    plain = "".join(" " if character.isspace() else character for character in text)
    kept = strip(plain).strip(" \u200b\u200c\u200d\u2060\ufeff\u00ad")
    assert strip(kept) == kept
    assert strip(f"{kept}\n\n{notice}") == strip(f"{notice} {kept}") == kept
