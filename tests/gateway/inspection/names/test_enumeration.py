"""Rows of things: what stands in one, and what is none."""

from __future__ import annotations

from gateway.flow import Span
from gateway.inspection.names.enumeration import Enumeration, Rows


def row(text: str, word: str) -> list[str] | None:
    found = Rows(text).around(text.index(word), text.index(word) + len(word))
    return None if found is None else [text[a:b].strip() for a, b in zip(found.starts, found.ends, strict=True)]


def test_items_with_commas_between_them():
    text = "In stock: Bodoni, Caslon, Gill Sans, Didot, Sabon. Ask at the counter for the prices of all the others we keep."
    assert row(text, "Gill Sans") == ["Bodoni", "Caslon", "Gill Sans", "Didot", "Sabon"]


def test_items_on_lines_of_their_own():
    assert row("Bodoni\nCaslon\nDidot\nSabon\nBembo\n", "Didot") == ["Bodoni", "Caslon", "Didot", "Sabon", "Bembo"]


def test_a_label_parts_rows():
    text = "Serif: Bodoni, Caslon, Didot, Sabon, Bembo. Sans: Futura, Univers, Avenir, Frutiger, Kabel"
    assert row(text, "Kabel") == ["Futura", "Univers", "Avenir", "Frutiger", "Kabel"]


def test_a_sentence_is_no_row():
    assert (
        row("Yesterday in the afternoon I met Joan, who had come from the station on foot in the rain.", "Joan") is None
    )


def test_clauses_are_no_row():
    assert row("he came, saw Joan, went home, slept well, woke late, ate", "Joan") is None


def test_few_items_are_no_row():
    assert row("Bodoni, Caslon, Didot", "Caslon") is None


def test_numbers_and_addresses_are_of_records():
    assert row("Joan Lund, joan@example.org, 555 0123, Oslo, Norway, Customer", "Joan Lund") is None


def test_a_place_in_a_known_row_needs_no_search():
    text = "Bodoni, Caslon, Didot, Sabon, Bembo"
    rows = Rows(text)
    assert rows.around(0, 6) is rows.around(text.index("Sabon"), text.index("Sabon") + 5)
    assert rows.around(0, len(text) + 1) is None


def test_share_of_items_that_are_marked():
    found = Enumeration((0, 10, 20, 30), (5, 15, 25, 35))
    spans = [Span(10, 12, "PERSON", 0.9, "names"), Span(33, 35, "PERSON", 0.9, "names")]
    assert found.marked(spans) == 0.5
