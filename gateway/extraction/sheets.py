"""Worksheets (OOXML SpreadsheetML): rows as text, each value behind the name of its column where the first row has names."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from gateway.extraction.markup import _split, is_value
from gateway.extraction.plain import as_lines


class SharedStrings:
    """The strings that cells refer to by number; a target of the XML parser."""

    def __init__(self) -> None:
        self.strings: list[str] = []
        self.others: list[str] = []
        self._pieces: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = _split(tag)[1]
        if local == "si":
            self._pieces = []
        elif local == "rPh" and self._pieces is not None:
            self._pieces.append("\n")  # how it is pronounced: no part of the word
        self.others += _values(tag, attributes)

    def end(self, tag: str) -> None:
        if _split(tag)[1] == "si" and self._pieces is not None:
            self.strings.append("".join(self._pieces).strip())
            self._pieces = None

    def data(self, data: str) -> None:
        (self.others if self._pieces is None else self._pieces).append(data)

    def close(self) -> None:
        """The parser asks for it."""


class Sheet:
    """The cells of one sheet; a target of the XML parser. Text outside of cells (headers, footers, notes) is kept, too."""

    def __init__(self, strings: list[str], used: set[int]) -> None:
        self._strings = strings
        self._used = used
        self.rows: list[list[str]] = []
        self.others: list[str] = []
        self._row: list[str] = []
        self._type = ""
        self._value: list[str] = []
        self._formula: list[str] = []
        self._in = ""
        self._cell = False
        self._column = -1

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = _split(tag)[1]
        if local == "row":
            self._row, self._column = [], -1
        elif local == "c":
            self._cell, self._type, self._value, self._formula = True, attributes.get("t", "n"), [], []
            self._column = _column(attributes.get("r", ""), self._column + 1)
        self._in = local
        for name in ("prompt", "promptTitle", "error", "errorTitle", "tooltip", "display", "location"):
            if value := attributes.get(name):
                self.others.append(value)
        self.others += _values(tag, attributes)

    def end(self, tag: str) -> None:
        local = _split(tag)[1]
        if local == "c" and self._cell:
            self._cell = False
            self._row += [""] * (min(self._column, 16_384) - len(self._row))
            self._row.append(self._shown())
            if '"' in (formula := "".join(self._formula)):
                self.others.append(formula)
        elif local == "row" and any(self._row):
            self.rows.append(self._row)
        self._in = ""

    def data(self, data: str) -> None:
        if not self._cell:
            self.others.append(data)
        elif self._in == "f":
            self._formula.append(data)
        else:
            self._value.append(data)

    def close(self) -> None:
        """The parser asks for it."""

    def _shown(self) -> str:
        value = "".join(self._value)
        if self._type == "s" and value.strip().isdecimal():
            number = int(value)
            self._used.add(number)
            return self._strings[number] if number < len(self._strings) else ""
        return _number(value.strip()) if self._type == "n" else value.strip()

    @property
    def text(self) -> str:
        return as_lines(self.rows)


def _values(tag: str, attributes: dict[str, str]) -> list[str]:
    """What a tag says that no sheet's tag says by itself."""
    return [
        text
        for text in (tag.rpartition("}")[2], *attributes, *attributes.values())
        if len(text) > 10 and is_value(text)
    ]


def _column(reference: str, following: int) -> int:
    """Which column "BC12" stands in, counted from 0."""
    letters = reference.rstrip("0123456789").upper()
    if not letters.isascii() or not letters.isalpha() or len(letters) > 3:
        return following
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _number(text: str) -> str:
    """Large whole numbers without exponent: what a reader sees in the cell."""
    if "E" not in text and "e" not in text:
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    whole = abs(number.adjusted()) < 40 and number == number.to_integral_value()
    return format(number, ".0f") if whole else text
