"""Text in encodings of before Unicode is read as what it says, or named as unread; never as rare ideographs."""

from __future__ import annotations

import pytest

from gateway.extraction.gathered import Gathered, Unreadable
from gateway.extraction.plain import decode, decodings
from gateway.extraction.reader import read

JAPANESE = "社外秘\n来期の価格方針。基準価格は十二万円、特約店の仕切りは六割とする。"
TEXTS = [
    ("柴永康，机密项目的负责人，电话见附表，请勿外传。", "gb18030"),
    ("機密文件，請勿外傳，王小明的電話在附表中。", "cp950"),
    (JAPANESE, "cp932"),
    (JAPANESE, "euc_jp"),
    (JAPANESE, "iso2022_jp"),
    ("대외비 인사평가 결과 김민수 연봉 육천이백만원", "euc_kr"),
    ("Анна, договор подписан пятого марта, пароль в письме.", "cp1251"),
    ("Анна, договор подписан пятого марта, пароль в письме.", "koi8_r"),
    ("Müller wohnt in der Königstraße", "cp1252"),
    ("绝密★长期\n某型装备列装进度。", "utf-16-le"),
    ("绝密★长期\n某型装备列装进度。", "utf-16-be"),
]


@pytest.mark.parametrize(("text", "encoding"), TEXTS)
def test_a_text_is_read_in_its_own_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("text", ["柳如烟", "name,柳如烟", "王小明"])
def test_a_few_characters_tell_nothing_and_are_read_in_more_than_one(text: str) -> None:
    for encoding in ("gb18030", "cp932"):
        assert (
            text in decodings(text.encode(encoding, "ignore"))
            or text.encode(encoding, "ignore").decode(encoding) != text
        )


def test_what_stands_far_behind_is_judged_by_itself() -> None:
    text = "a,b\n" * 10_000 + "联系人,柳如烟住在长江路的老房子里\n"
    assert decode(text.encode("gb18030")) == text


def test_what_no_encoding_makes_likely_is_unread() -> None:
    content = bytes(range(0x80, 0x100)) * 40
    with pytest.raises(Unreadable, match="encoding that is not known"):
        decodings(content)
    gathered = Gathered()
    read(content, "a.txt", "", gathered)
    assert gathered.unread == {("file", "in an encoding that is not known"): None}


def test_a_broken_shift_is_unread() -> None:
    with pytest.raises(Unreadable):
        decodings(b"\x1b$B\x21\x1b$Z\x7f\x7f")
