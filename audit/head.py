"""The high-water mark: the latest signed checkpoint, kept beside the keys and not in the store.

Whoever puts back an older store, or cuts off its tail, finds that the log writer refuses it: this file remembers more.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import orjson

from audit.checkpoint import Checkpoint, VerifierKey, parse, verify
from audit.errors import LogForked, ProofInvalid
from audit.store.journal import sync_folder


@dataclass(frozen=True, slots=True)
class Head:
    """The generation of the log and the last checkpoint note that was marked."""

    generation: int
    note: str

    @property
    def checkpoint(self) -> Checkpoint:
        return parse(self.note)


def head_path(folder: Path, origin: str) -> Path:
    """One file per log: several logs may share a key folder."""
    return folder / f"head-{sha256(origin.encode()).hexdigest()[:12]}.json"


def read_head(folder: Path, origin: str, key: VerifierKey) -> Head | None:
    """The mark, None when this log never made one; LogForked when it is not one that `key` signed."""
    path = head_path(folder, origin)
    try:
        document = orjson.loads(path.read_bytes())
        head = Head(int(document["generation"]), document["checkpoint"])
        verify(head.note, key)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, ProofInvalid) as error:
        raise LogForked(f"{path} is not a checkpoint of this log: {type(error).__name__}") from error
    return head


def write_head(folder: Path, origin: str, head: Head) -> None:
    """Replace the mark, whole or not at all."""
    path = head_path(folder, origin)
    temporary = path.with_suffix(".new")
    handle = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(orjson.dumps({"generation": head.generation, "checkpoint": head.note}))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(folder)


def agreed(head: Head | None, generation: int, size: int, root: bytes | None, loss: str) -> str | None:
    """Hold a store against the mark: None when they agree, or the lost checkpoint's note when `loss` accepts it.

    `size`: leaves of the store; `root`: that of its tree over as many leaves as the mark has, None when it has fewer.
    Raises LogForked when they disagree and nobody accepts it.
    """
    if head is None:
        return None
    seen = head.checkpoint
    agrees = seen.size <= size and root == seen.root
    if agrees and head.generation == generation:
        return None
    if loss:
        return head.note
    if not agrees and seen.size > size:
        raise LogForked(
            f"the store has {size} leaves, but a checkpoint over {seen.size} was signed: it is an older"
            " copy or was truncated. If the loss is real and accepted, `lexgate restore --accept-loss REASON`"
            " records it and starts a new generation"
        )
    raise LogForked(
        f"the store disagrees with the checkpoint over {seen.size} leaves that was signed last: it was altered, or"
        " is another branch. `lexgate restore --accept-loss REASON` records that and starts a new generation"
    )
