"""A marking worker: one job after the other, in a process that is lost without harm.

It reads files that a model or a caller made, so it expects the worst: a limit on its memory, on the pixels of a picture
and on the bytes of an answer, and an alarm that ends the whole process when a job takes too long, whatever native code
it hangs in. The supervisor starts another one; the call whose job it was is refused.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from gateway.marking.queue import taken
from gateway.marking.wire import BadMessage, pack, read_head
from watermark.errors import MarkingFailed, Unsupported
from watermark.marking import Ingredient, Marked, Marking, MarkingKeys, Origin

MEMORY_BYTES = 3 << 30
"""Address space of a marking worker beyond what it is born with: a file that unpacks to more ends it."""
TALK_SECONDS = 30.0
"""For a data worker to hand over a job, and to take its result."""

log = structlog.get_logger("lexgate.marker")

Mark = Callable[[bytes, str, Origin, Marking, MarkingKeys], Marked]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one job may cost; how long it may take is said with each."""

    file_bytes: int
    pixels: int


def confine(bounds: Bounds) -> None:
    """Limits this process. Once, before anything is read."""
    most = _address_space() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a picture in a core file would lie in the clear
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with contextlib.suppress(ImportError):
        from PIL import Image

        Image.MAX_IMAGE_PIXELS = bounds.pixels
        warnings.simplefilter("error", Image.DecompressionBombWarning)


def _address_space() -> int:
    """Bytes that are mapped now: a forked process has some from libraries that it never uses. 0 where nobody can tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def serve(
    turns: socket.socket, mark: Mark, keys: Callable[[str], MarkingKeys], bounds: Bounds, stopped: Callable[[], bool]
) -> None:
    """Takes jobs in their turn (`gateway.marking.queue`) until `stopped` or nobody gives any."""
    turns.settimeout(1.0)
    while not stopped():
        try:
            seconds, head, connection, end = taken(turns)
        except TimeoutError:
            continue
        except (OSError, BadMessage):
            return
        with connection:
            connection.settimeout(TALK_SECONDS)
            try:
                _answer(connection, head, seconds, mark, keys, bounds)
            except (OSError, BadMessage) as problem:  # the data worker went away, or is none
                log.warning("a marking job was not finished", problem=type(problem).__name__)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        with contextlib.suppress(OSError):
            os.write(end, b".")
        os.close(end)


def _answer(
    connection: socket.socket,
    said: bytes,
    seconds: float,
    mark: Mark,
    keys: Callable[[str], MarkingKeys],
    bounds: Bounds,
) -> None:
    job, sizes = read_head(said, 4 * bounds.file_bytes)
    bodies = [_exactly(connection, size) for size in sizes]
    signal.setitimer(signal.ITIMER_REAL, seconds)
    head, results = work(job, bodies, mark, keys)
    signal.setitimer(signal.ITIMER_REAL, 0)
    for piece in pack(head, results):
        connection.sendall(piece)


def work(
    job: dict[str, Any], bodies: list[bytes], mark: Mark, keys: Callable[[str], MarkingKeys]
) -> tuple[dict[str, Any], list[bytes]]:
    """One job: (head of the answer, the marked file and, where there is one, its sidecar).

    A failure is told by its kind: messages of exceptions may hold content.
    """
    origin = Origin(**{**job["origin"], "ingredients": _ingredients(job, bodies)})
    try:
        marked = mark(bodies[0], job["media_type"], origin, Marking(**job["marking"]), keys(job["tenant"]))
    except Unsupported:
        return {"ok": False, "reason": "unsupported"}, []
    except (MarkingFailed, MemoryError, OSError, ValueError, Warning) as problem:
        log.warning("an output could not be marked", problem=type(problem).__name__)
        return {"ok": False, "reason": "failed"}, []
    except Exception as problem:
        log.error("an output could not be marked", problem=type(problem).__name__)
        return {"ok": False, "reason": "failed"}, []
    results = [marked.data] if marked.sidecar is None else [marked.data, marked.sidecar]
    head = {"media_type": marked.media_type, "carries": list(marked.carries), "timestamped": marked.timestamped}
    found = {"ingredients": [provenance(each) for each in origin.ingredients], "known_by": prints(marked)}
    return {"ok": True, **head, **found}, results


def prints(marked: Marked) -> dict[str, Any]:
    """By what a picture or a sound is known again when its bytes have changed (`watermark.prints`), under no key yet."""
    try:
        if marked.media_type.startswith("image/"):
            from watermark.prints.picture import image_prints

            return image_prints(marked.data, marked.media_type).said()
        if marked.media_type.startswith("audio/"):
            from watermark.prints.sound import audio_prints

            return audio_prints(marked.data, marked.media_type).said()
    except Exception as problem:  # it is marked, and its digest knows it: prints are more than is owed
        log.warning("an output has no prints", problem=type(problem).__name__)
    return {}


def provenance(ingredient: Ingredient) -> dict[str, Any]:
    """What a file that came along says of where it is from: its C2PA manifest's integrity, and whether it has an AIGC label."""
    from watermark.aigc import read_aigc
    from watermark.manifest import read_manifest

    said = {"media_type": ingredient.media_type, "c2pa": "absent", "aigc": False}
    with contextlib.suppress(Exception):  # it comes from a caller: what cannot be read says nothing
        said["c2pa"] = read_manifest(ingredient.data, ingredient.media_type).integrity
        said["aigc"] = bool(read_aigc(ingredient.data, ingredient.media_type))
    return said


def job_of(tenant: str, media_type: str, origin: Origin, marking: Marking) -> dict[str, Any]:
    """The head of a job's message; the file and its ingredients follow it."""
    plain = {name: getattr(origin, name) for name in Origin.__slots__ if name != "ingredients"}
    ingredients = [{"media_type": each.media_type, "digest": each.digest} for each in origin.ingredients]
    return {
        "tenant": tenant, "media_type": media_type, "origin": plain, "marking": asdict(marking),
        "ingredients": ingredients,
    }  # fmt: skip


def _ingredients(job: dict[str, Any], bodies: list[bytes]) -> tuple[Ingredient, ...]:
    return tuple(Ingredient(**row, data=data) for row, data in zip(job["ingredients"], bodies[1:], strict=True))


def _exactly(connection: socket.socket, size: int) -> bytes:
    """So many bytes. Raises BadMessage when the peer ends before."""
    data = bytearray(size)
    view, at = memoryview(data), 0
    while at < size:
        got = connection.recv_into(view[at:])
        if not got:
            raise BadMessage("the message ended early")
        at += got
    return bytes(data)


def listen(folder: Path, name: str, waiting: int) -> socket.socket:
    """The socket on which jobs arrive; what does not fit into its backlog is refused at once."""
    path = folder / name
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    bound.bind(str(path))
    path.chmod(0o600)
    bound.listen(waiting)
    return bound
