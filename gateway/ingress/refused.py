"""Endpoints that providers have and this gateway refuses, each with the reason and what to do instead.

Any other path is refused too; these are the ones whose absence needs explaining.
"""

from __future__ import annotations

from collections.abc import Sequence

_ONE_BY_ONE = (
    "batches are refused: their content would wait at the provider for days and come back by another way, unread; "
    "send the calls one by one"
)
_IN_THE_CALL = (
    "files that the provider keeps are refused: no record would say which calls their content goes into; "
    "send the content inside the call"
)
REFUSED: Sequence[tuple[str, str, str]] = (
    ("anthropic", "/v1/messages/batches", _ONE_BY_ONE),
    ("anthropic", "/v1/files", _IN_THE_CALL),
    ("anthropic", "/v1/skills", _IN_THE_CALL),
    ("gemini", "/v1beta/files", _IN_THE_CALL),
    ("gemini", "/upload/", _IN_THE_CALL),
    ("gemini", "/v1beta/cachedContents", _IN_THE_CALL),
    ("gemini", "/v1beta/fileSearchStores", _IN_THE_CALL),
    ("gemini", "/v1beta/batches", _ONE_BY_ONE),
)
"""Family, beginning of the path, reason."""
_BATCHING = (":batchGenerateContent", ":asyncBatchEmbedContent")


def reason(family: str, path: str) -> str:
    """Why this path is refused, in a sentence."""
    if family == "gemini" and path.endswith(_BATCHING):
        return _ONE_BY_ONE
    for known, beginning, why in REFUSED:
        if known == family and path.startswith(beginning):
            return why
    return "Lexgate does not know this endpoint"
