"""North American telephone numbers (NANP)."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

_EXTENSION = r"(?:[ ,]{0,2}(?:x|ext\.?|extension)[ .:]{0,2}\d{1,6})?"
_BEHIND = r"(?![0-9A-Za-z]|[.\-][0-9])"

RECOGNIZER = Recognizer(
    "us_phone",
    "PHONE",
    (
        shape(
            r"\b[2-9][0-9]{2}[ .\-][0-9]{3}[ .\-][0-9]{4}",
            rf"(?<![0-9.\-+/])[2-9]\d{{2}}([ .\-])\d{{3}}\1\d{{4}}{_EXTENSION}{_BEHIND}",
        ),
        shape(
            r"\([2-9][0-9]{2}\)[ \-.]?[0-9]{3}[ .\-][0-9]{4}",
            rf"\([2-9]\d{{2}}\)[ \-.]?\d{{3}}[ .\-]\d{{4}}{_EXTENSION}{_BEHIND}",
        ),
        shape(
            r"(\+|\b00|\b)1[ .\-]\(?[2-9][0-9]{2}\)?[ .\-]?[0-9]{3}[ .\-]?[0-9]{4}",
            rf"(?:\+|00|(?<![0-9.\-]))1[ .\-]\(?[2-9]\d{{2}}\)?[ .\-]?\d{{3}}[ .\-]?\d{{4}}{_EXTENSION}{_BEHIND}",
        ),
    ),
)
