"""British national insurance numbers (prefixes never used are refused)."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

_PREFIX = (
    r"(?!BG|GB|KN|NK|NT|TN|ZZ|bg|gb|kn|nk|nt|tn|zz)[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z][A-CEGHJ-NPR-TW-Za-ceghj-npr-tw-z]"
)

RECOGNIZER = Recognizer(
    "uk_nino",
    "NATIONAL_ID",
    (
        shape(
            r"\b[A-Z]{2} [0-9]{2} [0-9]{2} [0-9]{2} [A-D]\b",
            rf"(?<![0-9A-Za-z]){_PREFIX} \d{{2}} \d{{2}} \d{{2}} [A-D](?![0-9A-Za-z])",
            score=0.95,
        ),
        shape(r"\b[A-Z]{2}[0-9]{6}[A-D]\b", rf"(?<![0-9A-Za-z]){_PREFIX}\d{{6}}[A-D](?![0-9A-Za-z])", score=0.8),
        shape(
            r"\b[A-Za-z]{2}[ \-]?[0-9]{2}[ \-]?[0-9]{2}[ \-]?[0-9]{2}[ \-]?[A-Da-d]\b",
            rf"(?<![0-9A-Za-z]){_PREFIX}[ \-]?\d{{2}}[ \-]?\d{{2}}[ \-]?\d{{2}}[ \-]?[A-Da-d](?![0-9A-Za-z])",
            cue=r"(?:national insurance|\bnino\b|\bni (?:no|number)|\bni:)",
            score=0.9,
        ),
    ),
)
