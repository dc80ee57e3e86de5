"""Whether a trace id can be what it should be, a random number, and so may travel to a provider and be recorded.

It is the one field of a caller's head that goes on as it came. Sixteen bytes have room for a card number, a telephone
number or a name; where an id could be one of them, the call begins a trace of its own. Of ids that are random fewer
than one in a hundred look so.

Source: W3C Trace Context level 1, section 3.2.2.3 (trace-id), which allows to restart a trace.
"""

from __future__ import annotations

import re

_DIGITS = re.compile("[0-9]{13,}")
_LONGEST = 15
"""Decimal digits in a row that a random id may have by chance; no more of them is a card's number by its check digit."""


def is_random(trace_id: str) -> bool:
    """Whether nobody could have written anything in it. `trace_id`: 32 lower-case hexadecimal digits."""
    written = trace_id.strip("0")  # ids of 64 bits come with zeros before them
    if not written or written.isdecimal():
        return False
    content = bytes.fromhex(trace_id).strip(b"\0")
    if content.isascii() and content.decode("ascii").isprintable():
        return False
    return all(len(run) <= _LONGEST and not _has_check_digit(run) for run in _DIGITS.findall(written))


def _has_check_digit(run: str) -> bool:
    """Whether a card's number may stand in it (ISO/IEC 7812-1, annex B)."""
    sizes = range(13, len(run) + 1)
    return any(_luhn(run[start : start + size]) for size in sizes for start in range(len(run) - size + 1))


def _luhn(number: str) -> bool:
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2]]
    return (sum(doubled) + sum(int(digit) for digit in number[::-2])) % 10 == 0
