"""The process in which files of strangers are opened: nothing of ours is in it but what the look needs.

One request a frame on standard input: what is asked (all that a file carries, or prints of a picture at places) as a JSON
header of 4 bytes' length (big-endian) before it, then the file. The answer
is a JSON document in the same way. A file that takes too long, or too much memory, ends the process and nothing else.
"""

from __future__ import annotations

import base64
import resource
import signal
import struct
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, BinaryIO

import orjson

from watermark.evidence import Carried, Evidence, Looking
from watermark.prints.printed import read

Examine = Callable[[bytes, str, Looking], Carried]
LENGTH = struct.Struct(">I")
OPEN_FILES = 64
WRITTEN = 256 * 1024 * 1024  # bytes of temporary files, for readers that need one


def main() -> None:
    """Answers until standard input ends. Arguments: seconds for one file, bytes of memory."""
    from watermark.verify import examine  # its readers: whoever asks this process imports us, too, and needs none

    seconds, memory = int(sys.argv[1]), int(sys.argv[2])
    for kind, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    read, write = sys.stdin.buffer, sys.stdout.buffer
    while head := read.read(LENGTH.size):
        request = orjson.loads(read.read(*LENGTH.unpack(head)))
        data = read.read(request["bytes"])
        signal.alarm(seconds)  # its default action ends the process, also when whoever asked is gone
        answer = orjson.dumps(_printed(data, request) if "squares" in request else _examined(examine, data, request))
        signal.alarm(0)
        _say(write, answer)


def _examined(examine: Examine, data: bytes, request: dict[str, object]) -> dict[str, object]:
    declared, keys = str(request["declared"]), request["keys"]
    assert isinstance(keys, list)
    looking = Looking(
        str(request["anchors"]).encode(),
        [(tenant, bytes.fromhex(key)) for tenant, key in keys],
        base64.b64decode(str(request["sidecar"])),
        float(str(request["seconds"])),
    )
    carried = examine(data, declared, looking)
    told = asdict(replace(carried, prints=())) | {"prints": [one.said() for one in carried.prints]}
    return told | {"text": carried.text.encode("utf-8", "replace").decode()}


def _printed(data: bytes, request: dict[str, Any]) -> dict[str, object]:
    """Prints of a picture at the places that are asked for."""
    from watermark.prints.picture import image_prints_at

    media_type, turn = str(request["media_type"]), int(request["turn"])
    seen, busy = image_prints_at(data, media_type, turn, request["squares"], request["cells"])
    return {"seen": [one.hex() for one in seen], "busy": list(busy)}


def prints_from(answer: dict[str, Any]) -> tuple[tuple[bytes, ...], tuple[bool, ...]]:
    """The same as it was said. Raises for an answer that it cannot have given."""
    return tuple(bytes.fromhex(one) for one in answer["seen"]), tuple(bool(one) for one in answer["busy"])


def carried_from(answer: dict[str, object]) -> Carried:
    """What the process said, as what it looked at had said it. Raises for an answer that it cannot have given."""
    evidence = answer["evidence"]
    payloads, prints = answer["payloads"], answer["prints"]
    assert isinstance(evidence, list)
    assert isinstance(payloads, list)
    assert isinstance(prints, list)
    return Carried(
        media_type=str(answer["media_type"]),
        evidence=tuple(Evidence(**{**row, "names": tuple(row["names"])}) for row in evidence),
        text=str(answer["text"]),
        payloads=tuple((str(tenant), int(payload)) for tenant, payload in payloads),
        prints=tuple(read(one) for one in prints),
    )


def _say(write: BinaryIO, answer: bytes) -> None:
    write.write(LENGTH.pack(len(answer)) + answer)
    write.flush()


if __name__ == "__main__":
    main()
