"""Hyperscan databases of many expressions: compiled as it is quick, kept for the next start.

Hyperscan makes one automaton of all expressions that have no word in them (runs of digits and letters), and the time for
that grows faster than their number: 127 of them take one second of CPU more than in two blocks. So they are compiled in
blocks, side by side, and each text is scanned once by each: some 4 µs more for 1 KB.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import itertools
import logging
import os
import platform
import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

BLOCK = 72
"""Expressions without a word that are compiled together."""
_WORDLESS = re.compile(r"\[[0-9]-[0-9]")

_log = logging.getLogger(__name__)


def databases(hyperscan: Any, expressions: Sequence[str], cache: Path | None = None) -> list[Any]:
    """They find together what the expressions find, each under its number among them. Each has its own scratch space.

    `cache`: a folder that only we write. Raises ValueError naming the expression that does not compile.
    """
    blocks = _blocks(expressions)
    files = [None if cache is None else cache / f"patterns-{_name(hyperscan, block)}.hsdb" for block in blocks]
    found = [None if file is None else _kept(hyperscan, file) for file in files]
    missing = [number for number, database in enumerate(found) if database is None]
    if missing:
        # It compiles without the GIL. One thread more than processors: alone, the last block would leave the others idle.
        with ThreadPoolExecutor(min(len(missing), 1 + (os.cpu_count() or 1)), "patterns") as pool:
            made = pool.map(lambda number: _made(hyperscan, blocks[number], files[number]), missing)
            for number, database in zip(missing, made, strict=True):
                found[number] = database
    return found


def literal_database(hyperscan: Any, words: Sequence[bytes], cache: Path | None = None) -> Any:
    """One that finds where each word ends, in any case of ASCII, under its number. `cache` as above."""
    block = [(number, f"literal {word.decode()}") for number, word in enumerate(words)]
    file = None if cache is None else cache / f"patterns-{_name(hyperscan, block)}.hsdb"
    database = None if file is None else _kept(hyperscan, file)
    if database is None:
        database = hyperscan.Database(mode=_options(hyperscan)[0])
        database.compile(
            expressions=list(words),
            ids=list(range(len(words))),
            flags=[hyperscan.HS_FLAG_CASELESS] * len(words),
            literal=True,
        )
        if file is not None:
            _keep(hyperscan, database, file)
    return database


def _blocks(expressions: Sequence[str]) -> list[list[tuple[int, str]]]:
    """All that have a word together; the others in blocks of about the same size."""
    numbered = list(enumerate(expressions))
    if len(numbered) <= BLOCK:
        return [numbered]
    wordless = [each for each in numbered if _WORDLESS.search(each[1])]
    worded = [each for each in numbered if not _WORDLESS.search(each[1])]
    count = -(-len(wordless) // BLOCK)
    cuts = [len(wordless) * index // count for index in range(count + 1)] if count else [0]
    blocks = [wordless[begin:end] for begin, end in itertools.pairwise(cuts)]
    return [*blocks, worded] if worded else blocks


def _made(hyperscan: Any, block: Sequence[tuple[int, str]], file: Path | None) -> Any:
    database = _compiled(hyperscan, block)
    if file is not None:
        _keep(hyperscan, database, file)
    return database


def _compiled(hyperscan: Any, block: Sequence[tuple[int, str]]) -> Any:
    mode, flags = _options(hyperscan)
    database = hyperscan.Database(mode=mode)
    try:
        database.compile(
            expressions=[expression.encode() for _, expression in block],
            ids=[number for number, _ in block],
            flags=[flags] * len(block),
        )
    except hyperscan.error as problem:
        culprit = _culprit(hyperscan, [expression for _, expression in block], flags)
        raise ValueError(f"{culprit}: {problem}") from problem
    return database


def _options(hyperscan: Any) -> tuple[int, int]:
    """Mode of a database, flags of its expressions: one text at a time; where each match starts; a dot is any byte."""
    return hyperscan.HS_MODE_BLOCK, hyperscan.HS_FLAG_SOM_LEFTMOST | hyperscan.HS_FLAG_DOTALL


def _name(hyperscan: Any, block: Sequence[tuple[int, str]]) -> str:
    """Of these expressions, how they are compiled, this library and this kind of processor: the result depends on all."""
    system = (importlib.metadata.version("hyperscan"), *map(str, _options(hyperscan)), platform.machine(), _processor())
    words = (f"{number}:{expression}" for number, expression in block)
    return sha256("\0".join((*system, *words)).encode()).hexdigest()[:24]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line for line in lines if line.startswith("flags")), "")


def _kept(hyperscan: Any, file: Path) -> Any:
    """What was compiled before; None when there is none, or it is damaged or another machine's."""
    try:
        database = hyperscan.loadb(file.read_bytes(), _options(hyperscan)[0])
        database.scratch = hyperscan.Scratch(database)
    except (OSError, ValueError, hyperscan.error):
        return None
    with contextlib.suppress(OSError):
        os.utime(file)  # it is used: see `forget`
    return database


def forget(cache: Path, since: float) -> None:
    """Removes what was kept and nobody has opened or written since then: expressions, or a library, of a version before.

    Call it when all that use the folder have started. Whoever opens one of them now has it, or compiles it again.
    """
    for file in cache.glob("patterns-*"):
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < since:
                file.unlink()


def _keep(hyperscan: Any, database: Any, file: Path) -> None:
    """Whole or not at all; without it the next start compiles again."""
    temporary = file.with_suffix(f".{os.getpid()}-{threading.get_native_id()}")  # two threads may compile the same
    try:
        temporary.write_bytes(hyperscan.dumpb(database))
        temporary.replace(file)
    except OSError as problem:
        _log.warning("what was compiled of the patterns could not be kept: %s", problem.strerror)
        with contextlib.suppress(OSError):  # a full disk shall not be fuller with each start
            temporary.unlink()


def _culprit(hyperscan: Any, expressions: Sequence[str], flags: int) -> str:
    """The first expression that does not compile alone; Hyperscan does not always say."""
    for expression in expressions:
        try:
            hyperscan.Database().compile(expressions=[expression.encode()], ids=[0], flags=[flags])
        except hyperscan.error:
            return expression
    return "the set of expressions"
