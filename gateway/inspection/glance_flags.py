"""What a text may hold, as bits of one number: which searches can find anything in it."""

from __future__ import annotations

from typing import Final

ESCAPE: Final = 1  # a backslash
PERCENT: Final = 2  # one that may begin a code
ENTITY: Final = 4  # of HTML
PLUS: Final = 8  # between digits
UNDER: Final = 16  # a low line between a letter and a digit
SAID: Final = 32  # seven number words in a row
SPELLED: Final = 64  # single characters in a row
DIGITS: Final = 128  # seven of them
APART: Final = 256  # digits one by one
GROUPED: Final = 512  # digits in groups of the sizes that numbers in odd groups have
MISTAKEN: Final = 1024  # letters that look like digits in a number of card length
CODE: Final = 2048  # a stretch of Base64's signs
HEX: Final = 4096  # a stretch of hexadecimal digits
PAIRED: Final = 8192  # hexadecimal digits in pairs
QUOTED: Final = 16384  # two characters in quoted-printable
FOURS: Final = 32768  # hexadecimal digits in fours

IN_FIVES: Final = 16  # of a piece of code: it may be Base32
IN_UTF16: Final = 32  # there may be UTF-16 below its Base64

DISGUISED: Final = ESCAPE | PERCENT | ENTITY | PLUS | UNDER | QUOTED
CODED: Final = CODE | HEX | PAIRED | FOURS
