"""What the model marks is a name where it may be one by what stands around it."""

from __future__ import annotations

import pytest

from gateway.flow import Span
from gateway.inspection.names.doubtful import Doubts

DOUBTS = Doubts()


def left(text: str, *names: str, score: float = 0.75, label: str = "PERSON") -> list[str]:
    """The names that are left of those that were marked in a text."""
    spans = [Span(text.index(name), text.index(name) + len(name), label, score, "names") for name in names]
    return [text[span.start : span.end] for span in DOUBTS.settled(text, spans) if span.label == label]


# A language that the model has not learned.

FINNISH = (
    "Hissi on rikki ja huolto tulee vasta illalla, kun ehtii. {} Muistakaa, että ovi on auki, jos se ei ole kiinni."
)


@pytest.mark.parametrize("words", ["Tarkista", "uusitaan kesäkuussa", "Kellarikäytävien varastointi"])
def test_words_of_another_language_are_none(words):
    assert left(FINNISH.format(words + "."), words, score=0.55) == []


@pytest.mark.parametrize("name", ["Matti Virtanen", "Zuwaina Threnody", "Matin", "J. Threnody", "Kytöaho Rinne"])
def test_names_in_another_language_are(name):
    assert left(FINNISH.format(f"Sen sanoi {name} eilen."), name) == [name]


@pytest.mark.parametrize("cue", ["Nimi: ", "rouva ", "Olen ", "{'username': '"])
def test_a_word_before_it_says_that_somebody_is_meant(cue):
    assert left(FINNISH.format(cue + "Quillor sanoi niin."), "Quillor", score=0.5) == ["Quillor"]


def test_an_address_beside_it_says_so_too():
    assert left(FINNISH.format("Quillor, quillor@example.org."), "Quillor", score=0.5) == ["Quillor"]


def test_a_surname_of_somebody_who_is_named_stands_alone():
    text = FINNISH.format("Tuli Matti Quillor. Quillorin auto on oven edessä. Quillor lähti.")
    spans = [
        Span(text.index("Matti Quillor"), text.index("Matti Quillor") + 13, "PERSON", 0.9, "names"),
        Span(text.rindex("Quillor"), text.rindex("Quillor") + 7, "PERSON", 0.5, "names"),
    ]
    assert DOUBTS.settled(text, spans) == spans


# Rows of things.


def test_a_few_marked_among_many_are_none():
    text = "We print with the fonts Bodoni, Walbaum, Caslon, Didot, Sabon, Bembo, Plantin and with none of the others."
    assert left(text, "Walbaum", "Caslon") == []


def test_the_words_before_a_row_say_that_it_is_of_things():
    text = "Names of the storms this year: Amanda, Boris, Cristina, Douglas, Elida, Fausto."
    assert left(text, "Amanda", "Boris", "Cristina", "Douglas", "Elida", "Fausto") == []


def test_what_is_of_things_there_is_none_elsewhere():
    text = "Names of the storms this year: Amanda, Boris, Cristina, Douglas, Elida, Fausto. The coast waits while Boris turns."
    spans = [Span(at, at + 5, "PERSON", 0.9, "names") for at in (text.index("Boris"), text.rindex("Boris"))]
    names = [
        Span(text.index(n), text.index(n) + len(n), "PERSON", 0.9, "names") for n in ("Amanda", "Cristina", "Douglas")
    ]
    assert DOUBTS.settled(text, sorted([*spans, *names], key=lambda span: span.start)) == []


@pytest.mark.parametrize(
    "heading",
    ["Attendees: ", "Exam results: ", "Room 3: ", "Please sort these alphabetically: ", "", "Teilnehmer: ", "Bus 1: "],
)
def test_people_in_a_row_stay(heading):
    names = ("Anna Schmidt", "Peter Quillor", "Maria Threnody", "Boris Meier", "Elida Huber")
    assert left(heading + ", ".join(names) + ".", *names) == list(names)


def test_surnames_in_a_row_stay():
    names = ("Strößner", "Zebisch", "Himmelmann", "Quillor", "Threnody")
    assert left("Es entschieden die Richter " + ", ".join(names) + ".", *names) == list(names)


def test_guests_of_a_dinner_stay():
    text = "Recipe for six guests: butter, flour. Guests: Anna, Boris, Carla, Dora, Emil, Fausto."
    assert left(text, "Anna", "Boris", "Carla") == ["Anna", "Boris", "Carla"]


def test_chinese_rows_of_things_by_their_heading():
    assert left("热菜：宫保鸡丁、东坡肉、李庄白肉、毛氏肉、文思豆腐、西湖醋鱼", "李庄", "毛氏") == []
    assert left("参会人员：张伟、李娜、王芳、赵敏、陈静、刘洋", "张伟", "李娜") == ["张伟", "李娜"]


# What is named after somebody.


@pytest.mark.parametrize("text", ["Hashimoto thyroiditis", "Crohn's disease", "the Bolzano-Weierstrass theorem"])
def test_an_eponym_is_nobody(text):
    name = next(word for word in ("Hashimoto", "Crohn", "Weierstrass") if word in text)
    assert left(f"They told us about {text} at length.", name) == []


def test_so_is_a_ship_and_a_storm():
    assert left("We waited for Hurricane Rachel to pass.", "Rachel") == []
    assert left("She sailed on the USS Gerald Ford.", "Gerald Ford") == []


# Addresses.


def test_stops_are_places():
    text = "Halt: Pankow, Vinetastraße, Eberswalder Straße, Senefelderplatz, Stadtmitte, Gleisdreieck."
    (span,) = DOUBTS.settled(text, [Span(text.index("Eber"), text.index("Eber") + 18, "ADDRESS", 0.6, "names")])
    assert span.label == "LOCATION"


def test_a_table_of_results_has_no_addresses():
    text = "Lech Poznań 1, Jagiellonia 1; Raków 3, Piast Gliwice 2; Górnik Zabrze 0, Korona Kielce 0."
    assert left(text, "Piast Gliwice 2", label="ADDRESS") == []


def test_a_house_has_a_number():
    text = "Send it to 12 Main Street, Springfield, and ring twice when the door is shut."
    assert left(text, "12 Main Street, Springfield", label="ADDRESS") == ["12 Main Street, Springfield"]


def test_nothing_marked_costs_nothing():
    spans = [Span(0, 4, "ORG", 0.8, "names")]
    assert DOUBTS.settled("Acme sells shoes.", spans) == spans
