from collections.abc import Callable
from typing import TypeAlias

Leaf: TypeAlias = tuple[list[tuple[str, bytes, bool]], bytes, bytes, bytes, str, str, int, int, bytes, bytes]
# (rows, secret, user key, its id, kind, flow, time_us, attempt, row, tail): `secret` as in `FlowKey`, `row` and `tail` the
# JSON of an append's head: the row, and what comes after it, comma and bracket included.
Cipher: TypeAlias = Callable[[bytes, bytes, bytes, bytes], bytes]

has_cipher: bool
# Whether the interpreter's libcrypto is here, so that a cipher may be None.

# The frames of leaves n, n + 1, ... and their entries; of so many as are usual, from the first one on.
def frames(
    leaves: list[Leaf], n: int, salt: bytes, writer: str, epoch: int, type_: int, encrypt: Cipher | None, /
) -> tuple[bytes, list[bytes]]: ...

# For each group the root over its commitments, and these; what is sealed, length before each part, and the root over it.
# `keys`: of each flow (secret, user key, its id), or none where all groups are open.
def settlement(
    place: bytes,
    flows: tuple[str, ...],
    groups: list[tuple[str, list[bytes], bool]],
    keys: list[tuple[bytes, bytes, bytes]],
    salt: bytes,
    epoch: int,
    n: int,
    encrypt: Cipher | None,
    /,
) -> tuple[list[tuple[bytes, bytes]], bytes, bytes]: ...
def encrypt(key: bytes, nonce: bytes, text: bytes, bound: bytes, before: bytes, /) -> bytes: ...
