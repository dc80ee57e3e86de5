"""Values split over texts: found over every cut, with the right pieces in the right texts, and nothing made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.flow import Span
from gateway.inspection.engine import Engine
from gateway.inspection.split_values import across, ends_of, joints, piece

CARD, KEY, MAIL = "4111111111111111", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "maria.schneider@example.com"


@pytest.fixture(scope="module")
def engine():
    return Engine(names=False)


def pieces_found(engine, texts):
    found = []
    for joint in joints([piece(place, text) for place, text in enumerate(texts)]):
        for place, span, value in joint.split(engine.inspect(joint.text)):
            found.append((place, texts[place][span.start : span.end], span.label, value))
    return found


@pytest.mark.parametrize("cut", range(4, 13))
def test_a_card_in_two_texts(engine, cut):
    texts = [f"my card: {CARD[:cut]}", f"{CARD[cut:]} is it"]
    assert pieces_found(engine, texts) == [(0, CARD[:cut], "CREDIT_CARD", CARD), (1, CARD[cut:], "CREDIT_CARD", CARD)]


def test_a_card_in_four_texts(engine):
    found = pieces_found(engine, ["card", "4111", "1111", "1111", "1111", "thanks"])
    assert [(place, text) for place, text, _, _ in found] == [(1, "4111"), (2, "1111"), (3, "1111"), (4, "1111")]


@pytest.mark.parametrize("cut", [MAIL.index("@"), MAIL.index("@") + 1])
def test_a_mail_address_in_two_texts(engine, cut):
    assert [text for _, text, _, _ in pieces_found(engine, [f"to {MAIL[:cut]}", MAIL[cut:]])] == [
        MAIL[:cut],
        MAIL[cut:],
    ]


def test_long_texts_are_read_at_their_ends_only(engine):
    texts = ["word " * 5000 + KEY[:20], KEY[20:] + " word" * 5000]
    (joint,) = joints([piece(place, text) for place, text in enumerate(texts)])
    assert len(joint.text) < 300
    assert [text for _, text, _, _ in pieces_found(engine, texts)] == [KEY[:20], KEY[20:]]


def test_texts_that_end_as_usual_are_not_read_again():
    assert joints([piece(0, "How many are 12?"), piece(1, "There are twelve."), piece(2, "Thanks")]) == []


def test_numbers_that_only_stand_beside_each_other_are_no_value(engine):
    assert pieces_found(engine, ["in 2019", "2020 was worse", "12", "13"]) == []


def test_messages_of_one_role_are_read_together_over_an_answer():
    user = [ends_of([(0, f"card {CARD[:8]}")]), ends_of([(0, CARD[8:])])]
    found = across([("user", user[0]), ("assistant", ends_of([(0, "go on")])), ("user", user[1])])
    assert [joint.parts[0][0][0] for joint in found] == [0]
    assert [joint.parts[1][0][0] for joint in found] == [2]


def test_a_message_does_not_go_on_in_itself():
    texts = [(0, "1 apple"), (1, "or"), (2, "costs 1")]
    assert across([("user", ends_of(texts)), ("user", ends_of([(0, "word")]))]) == []


@given(st.lists(st.text(st.sampled_from("41 @.x\n"), max_size=250), max_size=5))
def test_pieces_lie_in_their_texts(texts):
    for joint in joints([piece(place, text) for place, text in enumerate(texts)]):
        everything = Span(0, len(joint.text), "CREDIT_CARD", 1.0, "test")
        for place, span, value in joint.split([everything]):
            assert 0 <= span.start < span.end <= len(texts[place])
            assert texts[place][span.start : span.end].replace("\n", "") in value
