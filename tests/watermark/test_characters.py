"""What the table says of characters is what `unicodedata` says of texts made of them."""

from __future__ import annotations

import re
import unicodedata
from array import array

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from watermark import exact, fingerprint
from watermark.characters import PLANE, SEVERAL, characters

native = pytest.mark.skipif(fingerprint._native is None, reason="the C extension was not built")
KNOWN = "aZ9ß… \nıİſ½™ﬁ１Ａ，。é你好世界가각ไทยかなガﾊﾞｶ゛\u0301\u3099\u1161\u11a8\u09be\u200b\ufe0f\ufeff\r\ufdfa\ud800"
TEXTS = st.one_of(
    st.text(st.sampled_from(KNOWN + "\U0001f600\U0001d400\U00020000\U0002f800\U000e0100"), max_size=30), st.text()
)


def folded(text: str) -> str | None:
    """By the table; None where it does not know."""
    known = characters()
    folds, several = array("I", known.folds), array("H", known.several)
    out = ""
    for character in text:
        code = ord(character)
        if code >= PLANE or not folds[code]:
            return None
        entry = folds[code]
        if entry & SEVERAL:
            place = (entry & ~SEVERAL) >> 8
            out += "".join(map(chr, several[place : place + (entry & 0xFF)]))
        else:
            out += chr(entry)
    return out


@given(TEXTS)
@example(KNOWN)
def test_a_text_of_known_characters_folds_to_what_unicode_says(text: str) -> None:
    known = "".join(character for character in text if folded(character) is not None)
    assert folded(known) == unicodedata.normalize("NFKC", known).casefold()


def test_every_known_character_is_right_beside_every_letter_it_might_act_on() -> None:
    for code in range(PLANE):
        for text in (chr(code), f"e{chr(code)}가"):
            if (by_table := folded(text)) is not None:
                assert by_table == unicodedata.normalize("NFKC", text).casefold(), hex(code)
            if all(each >= "\ud800" or characters().plain[ord(each)] for each in text) and not "\ud800" <= chr(code):
                assert unicodedata.is_normalized("NFC", text), hex(code)


def test_what_most_texts_are_made_of_is_known() -> None:
    for text in (
        "It's “quoted” … and so on – 3½ ™",
        "Grüße aus Köln, ¿qué?",
        "，。、《引用》１２",
        "カタカナ",
        "한국어",
        "Привет",
    ):
        assert folded(text) is not None, text


@native
@given(TEXTS)
@example("ok\r\n")
@example("e\u0301")
def test_a_plain_text_is_the_same_text_in_every_form(text: str) -> None:
    if fingerprint._native.plain(text, characters().plain):
        assert unicodedata.normalize("NFC", exact._INVISIBLE.sub("", text)) == text
        assert "\r" not in text


@native
@given(TEXTS)
def test_an_exact_digest_does_not_depend_on_the_short_way(text: str) -> None:
    key = bytes(32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact, "_native", None)
        assert exact.exact_text(text, key) == (whole := exact.exact_text(text, key))
    assert exact.exact_text(text, key) == whole


def test_beyond_the_first_plane_what_folds_to_itself_does() -> None:
    for code in (*range(0x1F300, 0x1FB00), *range(0x20000, 0x2F800), *range(0xE0000, 0xE01F0)):
        text = chr(code)
        assert unicodedata.normalize("NFKC", text).casefold() == text
        assert not unicodedata.combining(text)
        assert code >= 0xE0000 or not re.match(exact._INVISIBLE, text)


@native
def test_tables_that_no_text_has_are_refused() -> None:
    with pytest.raises(ValueError, match="no text has"):
        fingerprint._native.plain("text", b"short")
