from collections.abc import Callable

def commitments(place: bytes, rows: list[tuple[str, bytes, bytes]], /) -> bytes: ...
def flow_commitments(
    place: bytes, name: str, flows: tuple[str, ...], bodies: list[bytes], secrets: list[bytes], /
) -> bytes: ...
def leaf(
    place: bytes,
    rows: list[tuple[str, bytes, bool]],
    salt: bytes,
    key: bytes,
    prefix: bytes,
    encrypt: Callable[[bytes, bytes, bytes], bytes] | None,
    nonce: bytes,
    kind: str,
    flow: str,
    writer: str,
    time_us: int,
    epoch: int,
    n: int,
    attempt: int,
    /,
) -> tuple[bytes, bytes, bytes] | None: ...
def leaf_hash(entry: bytes, /) -> bytes: ...
def root(hashes: bytes, /) -> bytes: ...
def leaf_hashes(entries: list[bytes], /) -> bytes: ...
def grow(roots: bytes, size: int, hashes: bytes, /) -> bytes: ...
