"""HTTP/1.1 messages that came whole, in one piece, and are plain beyond doubt: taken apart at once.

`request(data, fields, bytes)`: (target, fields, body) of a POST whose head has at most so many fields and bytes.
`answer(data)`: (status, fields, body). Names are in lower case. None of every other message: one in pieces, with a field
given twice, chunked, coded, with trailing space, without a body, that ends its connection or asks for something. Those are
llhttp's, which decides what is an error; what is taken here, it reads alike (tests/gateway/test_plain_heads.py).

The C extension `native/heads.c` does it; where it was not built, `plain_heads_python` does the same.
"""

from __future__ import annotations

from collections.abc import Callable

request: Callable[[bytes, int, int], tuple[bytes, dict[bytes, bytes], bytes] | None]
answer: Callable[[bytes], tuple[int, dict[str, str], bytes] | None]

try:
    from gateway._heads import answer, request
except ImportError:  # no compiler was there when this was installed
    from gateway.plain_heads_python import answer, request

__all__ = ["answer", "request"]
