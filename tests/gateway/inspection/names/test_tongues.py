"""Small words tell whether a text is in a language that the tagger has learned."""

from __future__ import annotations

import pytest

from gateway.inspection.names.tongues import Text, Tongues, small_words

TONGUES = Tongues()


@pytest.mark.parametrize(
    "text",
    [
        "The lift is out of order and the engineer has been told.",
        "Der Aufzug ist außer Betrieb, und wir warten auf den Monteur.",
        "L'ascenseur est en panne et nous attendons le technicien.",
        "El ascensor no funciona y estamos a la espera del técnico.",
        "L'ascensore è guasto e stiamo aspettando il tecnico da ieri.",
        "电梯坏了，正在等维修人员。",
        "Jörg Škvorecký, Łukasz Żak",
        "",
        "for (int i = 0; i < n; i++) { a[i] = b[i]; }",
    ],
)
def test_learned(text):
    assert TONGUES.is_learned(text)


@pytest.mark.parametrize(
    "text",
    [
        "Hissi on epäkunnossa ja huoltomies tulee vasta illalla, kun ehtii.",
        "Winda jest zepsuta i nie wiadomo, kiedy będzie naprawiona.",
        "Asansör bozuldu ve bu akşama kadar tamir edilecek gibi değil.",
        "Lift rusak dan tidak akan diperbaiki sebelum besok pagi.",
        "Výtah je mimo provoz a technik přijde až zítra po obědě.",
        "Hissen är ur funktion och teknikern kommer inte förrän i morgon.",
        "Thang máy đang hỏng và sẽ được sửa trong ngày mai.",
    ],
)
def test_not_learned(text):
    assert not TONGUES.is_learned(text)


def test_long_words_without_a_small_one_are_of_no_learned_language():
    assert not TONGUES.is_learned(
        "kaurapuuro lohikeitto lihapullat perunamuusi marjapuuro hernekeitto pannukakku munakas"
    )


def test_parts_of_a_text_are_judged_by_themselves():
    english = "This is the part of the text that is in English, and it is not short. " * 60
    polish = "To jest część tekstu, która nie jest po angielsku, a jest dość długa. " * 60
    text = Text(english + polish, TONGUES)
    assert text.is_learned(100)
    assert not text.is_learned(len(english) + 3_000)
    assert not text.is_learned(len(english) + 3_000)  # remembered


def test_names_of_one_language_that_are_words_of_another():
    assert {"han", "till"} <= small_words()
