def run(
    buffer: bytes,
    at: int,
    prefix: bytes,
    suffix: bytes,
    before: bytes,
    behind: bytes,
    table: bytes | None,
    marks: bool,
    held: bytes,
    most: int,
    /,
) -> tuple[int, int, str, bytes, str]: ...
