"""Source code is told from prose by how its lines begin and end."""

from __future__ import annotations

import pytest

from gateway.inspection.content.source_code import is_source_code

STATEMENTS = "total = 1;\n" * 8
PROGRAM = "def area(side):\n" + STATEMENTS
"""Its first line alone begins as in no prose."""


@pytest.mark.parametrize("before", ["", "\n", "\r\n  \n", " " * 600, "\n" * 600])
def test_a_program_is_told_whatever_blanks_stand_before_it(before: str) -> None:
    assert is_source_code(before + PROGRAM)


def test_a_line_that_begins_as_in_no_prose_has_to_be_there() -> None:
    assert not is_source_code(STATEMENTS)
    assert is_source_code(f"{STATEMENTS}\n\n \t\n  return total\n")


@pytest.mark.parametrize("blank", ["\n", " \n", "\r\n", "\n\x0b"])
def test_many_blank_lines_are_passed_over_once(blank: str) -> None:
    assert not is_source_code(STATEMENTS + blank * 90_000)


def test_prose_is_none() -> None:
    assert not is_source_code("Dear all,\nwe import apples.\nThe end\nof it\nis near\n=> soon\n")
