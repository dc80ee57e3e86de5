"""What `native/mail.c` does, in Python: its oracle in the tests, and in its place where it was not built."""

from __future__ import annotations

import re

_BACKWARDS = re.compile(r"[A-Za-z0-9À-ɏ_.+%\-]{1,64}")
"""A local part, read from its end: searched forwards, every word before it would be tried."""
DOMAIN = re.compile(
    r"@((?:[A-Za-z0-9À-ɏ](?:[A-Za-z0-9À-ɏ\-]{0,61}[A-Za-z0-9À-ɏ])?\.){1,6}[A-Za-z]{2,24})(?![A-Za-z0-9])"
)
DOT_NEAR = re.compile(
    r"[dDpP点(\[{< ](?:(?<=[dD])(?i:ot)|(?<=[pP])(?i:unkt|oint|unto|onto)|(?<=点)|(?<=[(\[{<])[ ]?\.|(?<=[ ])\.[ ])"
)
"""Stands wherever a dot is in words or set apart. It begins with its signs, so that `re` passes over all others quickly."""
_MAY_BE_SAID = re.compile(
    r"(?i)@[ \t]?(?:[a-z0-9\-]{1,60}+(?:\.|[ ]?[(\[{<点]|[ ](?:dot|punkt|point|punto|ponto|\.)[ ])|[a-z0-9\-]{1,56}?-dot-)"
)
"""An `@` of an address whose dots are words: what stands behind its first name is one, or a sign that may hold one."""
_BESIDE = 16
"""Characters beside an address of the usual form in which a dot in words would join more to it."""


NO_ADDRESS = -1, -1, True
"""No address of the usual form, and perhaps one with a dot in words."""


def address(text: str, at: int) -> tuple[int, int, bool] | None:
    """Where the address around an `@` begins and ends, and whether another may stand there with a dot in words.

    None where there is neither, NO_ADDRESS where only the other one may be.
    """
    behind = at - 1 if text[at - 1 : at] == "\n" else at  # a line may be broken before the sign
    local = _BACKWARDS.match(text[max(0, at - 64) : behind][::-1])
    domain = DOMAIN.match(text, at)
    if local is None or domain is None:
        return NO_ADDRESS if _MAY_BE_SAID.match(text, at) is not None else None
    start, end = behind - local.end(), domain.end()
    near = DOT_NEAR.search(text, max(0, start - _BESIDE), end + _BESIDE) is not None
    return start, end, behind < at or near
