"""The manifest of a text (C2PA A.8): valid for another implementation however the text was cut, absent where it must be."""

from __future__ import annotations

import dataclasses
import itertools
import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watermark.errors import MarkingFailed
from watermark.marking import MarkingKeys, Origin
from watermark.signer import ROOT, ContentSigner
from watermark.text_manifest import TextManifest, read_text_manifest, strip_manifest
from watermark.text_manifest.writing import JOINING
from watermark.text_wrapper import find_wrappers

TEXTS = (
    "The answer is forty-two. ",
    "你好，世界。这是人工智能生成的内容。",
    "日本語のテキストと、ｶﾀｶﾅ。",
    "한국어 문장입니다. ",
    "हिन्दी में एक वाक्य। ",
    "Naïve café, Ångström, ﬁn. ",
    "👩‍👩‍👧 ❤️ 🏳️‍🌈 1️⃣ 葛󠄀 ",  # emoji and ideographs with variation selectors of their own
    "a\u0328\u0301 marks that stay apart, \u200b\u200d\u2060 and nothing\r\n\t",
    "العربية والعبرية עברית ",
)
PASSAGES = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=12).map(
    lambda parts: unicodedata.normalize("NFC", "".join(parts))
)


def streamed(
    text: str, cuts: list[int], origin: Origin, keys: MarkingKeys, shortest: int = 0
) -> tuple[str, TextManifest]:
    manifest = TextManifest(origin, keys, shortest)
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    out = ""
    for start, end in itertools.pairwise(places):
        delta = manifest.push(text[start:end])
        assert delta == text[start:end], "nothing is held back or changed"
        out += delta
    return out + manifest.end(), manifest


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=PASSAGES, cuts=st.lists(st.integers(0, 300), max_size=40))
def test_valid_for_two_implementations_however_it_is_cut(
    text: str, cuts: list[int], origin: Origin, keys: MarkingKeys, anchors: bytes, independent: Any
) -> None:
    marked, manifest = streamed(text, cuts, origin, keys)
    assert manifest.reason == ""
    assert marked.startswith(text)
    evidence = read_text_manifest(marked, anchors)
    assert (evidence.integrity, evidence.trusted, evidence.synthetic) == ("valid", True, True)
    assert evidence.origin["produceId"] == origin.produce_id
    report = independent(marked.encode(), "text/plain")
    assert (report["integrity"], report["validation_state"]) == ("valid", "Trusted")
    assert strip_manifest(marked) == text


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60), cuts=st.lists(st.integers(0, 60), max_size=20))
def test_wrapped_if_and_only_if_it_is_nfc(text: str, cuts: list[int], origin: Origin, keys: MarkingKeys) -> None:
    marked, manifest = streamed(text, cuts, origin, keys)
    if text and unicodedata.is_normalized("NFC", text):
        assert manifest.reason == ""
        assert len(find_wrappers(marked)) == 1
    else:
        assert manifest.reason in {"not NFC", "short"}
        assert marked == text


@settings(max_examples=300)
@given(st.lists(st.sampled_from("ae가ᅡᆨ각ক\u09be\u09c7\u0301\u0328\u0300Å한"), max_size=20), st.integers(0, 20))
def test_what_combines_over_a_cut_is_seen(characters: list[str], cut: int) -> None:
    text = "".join(characters)
    manifest = TextManifest(Origin("f", 0, "", 0, "m", "p", "c", 0), MarkingKeys(None, b""))
    manifest.push(text[:cut])
    manifest.push(text[cut:])
    assert (manifest.reason == "") == unicodedata.is_normalized("NFC", text)


def test_the_table_of_joining_characters_is_that_of_unicode() -> None:
    seconds = set()
    for point in range(0x110000):
        pair = unicodedata.decomposition(chr(point)).split()
        if len(pair) == 2 and not pair[0].startswith("<") and not unicodedata.combining(chr(int(pair[1], 16))):
            seconds.add(chr(int(pair[1], 16)))
    assert seconds <= JOINING
    jamo = {character for character in JOINING if "\u1160" < character < "\u11c3"}
    assert all(unicodedata.normalize("NFC", "\u1100" + one) != "\u1100" + one for one in jamo if one < "\u1176")
    assert jamo | seconds == JOINING


def test_any_edit_breaks_it(origin: Origin, keys: MarkingKeys, anchors: bytes, independent: Any) -> None:
    text = "The answer is forty-two, and no other number. " * 5
    marked, _ = streamed(text, [], origin, keys)
    for changed in (
        marked.replace("forty", "fifty", 1),
        marked + " Indeed.",
        "So: " + marked,
        marked.replace("  ", " ").replace(". ", ".\r\n"),
        marked.replace("answer", "answe\u0301r"),
    ):
        assert read_text_manifest(changed, anchors).integrity == "tampered"
        assert independent(changed.encode(), "text/plain")["integrity"] != "valid"


def test_damaged_and_doubled_wrappers(origin: Origin, keys: MarkingKeys, anchors: bytes) -> None:
    marked, _ = streamed("A text.", [], origin, keys)
    assert read_text_manifest("A text.", anchors).integrity == "absent"
    assert read_text_manifest(marked + marked, anchors).failures == ("manifest.text.multipleWrappers",)
    assert read_text_manifest(marked[:-700], anchors).failures == ("manifest.text.corruptedWrapper",)
    assert read_text_manifest(marked.replace("\ufeff", ""), anchors).integrity == "broken"
    assert read_text_manifest(marked[:40] + "\ufe05" * 2000, anchors).integrity == "broken"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_changed_selector_reads_as_valid(
    data: st.DataObject, origin: Origin, keys: MarkingKeys, anchors: bytes
) -> None:
    """Within assertions, claim and signature; frames and padding are not signed."""
    marked, _ = streamed("A text that somebody wants to forge.", [], origin, keys)
    (wrapper,) = find_wrappers(marked)
    assert wrapper is not None
    store = wrapper.store
    first = store.index(b"c2pa.actions.v2")
    at = data.draw(
        st.one_of(st.integers(first, store.index(b"c2cl") - 17), st.integers(len(store) - 64, len(store) - 1))
    )
    place = marked.index("\ufeff") + 1 + 13 + at
    other = chr(0xFE00 + data.draw(st.integers(0, 15)))
    if marked[place] != other:
        assert read_text_manifest(marked[:place] + other + marked[place + 1 :], anchors).integrity != "valid"


def test_a_text_that_carries_another_manifest_gets_no_second(origin: Origin, keys: MarkingKeys) -> None:
    first, _ = streamed("An earlier answer.", [], origin, keys)
    for cuts in ([], list(range(0, len(first), 3))):
        again, manifest = streamed(first + " And more.", cuts, origin, keys)
        assert manifest.reason == "carries another"
        assert len(find_wrappers(again)) == 1


def test_short_empty_and_odd_texts(origin: Origin, keys: MarkingKeys) -> None:
    assert streamed("Yes.", [2], origin, keys, shortest=5)[1].reason == "short"
    assert streamed("Yes, I do.", [2], origin, keys, shortest=5)[1].reason == ""
    assert streamed("", [], origin, keys)[1].reason == "short"
    assert streamed("half a pair \ud83d here", [3], origin, keys)[1].reason == "not text"
    assert streamed("e" + "\u0316" * 90, [5], origin, keys)[1].reason == "not NFC"


def test_a_missing_key_fails_loudly(origin: Origin, keys: MarkingKeys) -> None:
    manifest = TextManifest(origin, dataclasses.replace(keys, signer=None))
    manifest.push("An answer.")
    with pytest.raises(MarkingFailed):
        manifest.end()


def test_ed25519_and_long_chains(origin: Origin, tmp_path: Any, independent: Any) -> None:
    signer = ContentSigner.create(tmp_path, "Example AG", algorithm="ed25519")

    class Longer:
        algorithm = "ed25519"
        certificates = signer.certificates * 40  # the wrapper's length needs more digits

        def sign(self, data: bytes) -> bytes:
            return signer.sign(data)

    for one, expected in ((signer, "valid"), (Longer(), None)):
        marked, _ = streamed("An answer.", [], origin, MarkingKeys(one, b""))
        (wrapper,) = find_wrappers(marked)
        assert wrapper is not None
        assert wrapper.start + wrapper.length == len(marked.encode())
        if expected:
            assert read_text_manifest(marked, (tmp_path / ROOT).read_bytes()).trusted
            assert independent(marked.encode(), "text/plain")["integrity"] == expected


@given(st.text(st.sampled_from("ab \ufeff\ufe00\ufe0f\U000e0100\U000e01ef❤"), max_size=80))
def test_stripping_leaves_every_other_character(text: str) -> None:
    stripped = strip_manifest(text)
    assert strip_manifest(stripped) in {stripped, strip_manifest(strip_manifest(stripped))}
    assert [one for one in stripped if one in "ab ❤"] == [one for one in text if one in "ab ❤"]


def test_stripping_spares_emoji_and_ideographs_and_takes_off_the_damaged(origin: Origin, keys: MarkingKeys) -> None:
    for text in TEXTS:
        assert strip_manifest(text) == text
    marked, _ = streamed("A text.", [], origin, keys)
    for damaged in (marked[:-300], marked.replace("\ufeff", ""), marked[:10] + marked[300:]):
        assert strip_manifest(damaged) == "A text."
