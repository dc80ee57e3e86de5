"""Anthropic count_tokens: `POST /v1/messages/count_tokens`. A messages request without output; one JSON answer.

The content leaves all the same, so it is read exactly like a message. The answer `{"input_tokens": n}` has no text.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.protocols.anthropic_messages import decode_as
from gateway.protocols.request import DecodedRequest

PROTOCOL = "anthropic_count_tokens"


def decode(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a request. Raises BadRequest."""
    return decode_as(PROTOCOL, body, labels)
