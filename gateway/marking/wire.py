"""How data workers and marking workers talk: one request and one answer on a Unix stream, then it closes.

A message is the length of its head (4 bytes, big endian), the head (JSON), and the bytes that the head announces by
`sizes`, one after the other. Pixels and samples travel as they are, never as Base64.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import orjson

SOCKET, FILMS = "marking.sock", "marking-films.sock"
"""Where jobs are taken from; films have workers of their own, because one takes as long as hundreds of pictures."""
LARGEST_HEAD = 65_536
_LENGTH = struct.Struct(">I")
PREFIX = _LENGTH.size


class BadMessage(Exception):
    """The peer does not speak this protocol."""


def pack(head: dict[str, Any], bodies: Sequence[bytes]) -> list[bytes]:
    """A message as pieces to be written one after the other; large ones are not copied."""
    said = orjson.dumps(head | {"sizes": [len(body) for body in bodies]})
    return [_LENGTH.pack(len(said)) + said, *bodies]


def head_length(prefix: bytes) -> int:
    """Raises BadMessage."""
    (length,) = _LENGTH.unpack(prefix)
    if length > LARGEST_HEAD:
        raise BadMessage("the head is too long")
    return int(length)


def read_head(data: bytes, most: int) -> tuple[dict[str, Any], list[int]]:
    """(head, sizes of what follows), at most `most` bytes together. Raises BadMessage."""
    try:
        head = orjson.loads(data)
        sizes = head["sizes"]
        fine = all(type(size) is int and size >= 0 for size in sizes) and sum(sizes) <= most
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise BadMessage("the head cannot be read") from error
    if not fine:
        raise BadMessage("more bytes are announced than allowed")
    return head, sizes
