from collections.abc import Callable

from audit.intake import Usual
from audit.projection import Row

def take(
    buffer: bytes, at: int, rows: dict[bytes, Row], read: Callable[[bytes], Row | None], /
) -> tuple[list[Usual], int]: ...
def join(leaves: list[bytes], /) -> bytes: ...
def entry_hashes(count: int, data: bytes, /) -> bytes: ...
