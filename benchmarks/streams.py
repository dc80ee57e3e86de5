"""Streams through Lexgate beside the same streams direct: events, the largest gap between two, and the first byte.

`python -m benchmarks.streams` prints a report; it measures and judges nothing. The provider sends an event every 50 ms;
direct and through take turns, so that a noisy machine troubles both alike.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import corpus, targets

HERE = Path(__file__).resolve().parent
PACE_US = 50_000


@dataclass(frozen=True, slots=True)
class Heard:
    """One stream as its client saw it: milliseconds."""

    events: int
    first: float
    largest_gap: float


def hear(url: str, body: bytes) -> Heard:
    """One call on a connection of its own; every read that brings an event is timed."""
    place = urlsplit(url)
    head = [f"POST /v1/chat/completions HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json"]
    head += [f"Authorization: Bearer {targets.CALLER_KEY}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"]
    events, first, gap = 0, 0.0, 0.0
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begun = time.perf_counter()
        connection.sendall("\r\n".join(head).encode() + body)
        latest, kept = begun, b""
        while data := connection.recv(65536):
            now = time.perf_counter()
            found = (kept + data).count(b"data: ") - kept.count(b"data: ")
            kept = (kept + data)[-5:]
            if not found:
                continue
            if not events:
                first = now - begun
            else:
                gap = max(gap, now - latest)
            events, latest = events + found, now
            if b"[DONE]" in data:
                break
    return Heard(events, first * 1000, gap * 1000)


def measure(streams: int, events: int) -> dict[str, list[Heard]]:
    """Direct and through, in turns; the first of each is left out."""
    heard: dict[str, list[Heard]] = {"direct": [], "lexgate": []}
    build = HERE / ".build"
    build.mkdir(exist_ok=True)
    binary = build / "provider"
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-o", binary, HERE / "native/provider.c"], check=True)
    port = targets.free_port()
    upstream = f"http://127.0.0.1:{port}"
    provider = subprocess.Popen([binary, "-p", str(port), "-n", str(events), "-d", str(PACE_US), "-x", corpus.PLANTED])
    with tempfile.TemporaryDirectory(prefix="lexgate-streams-") as folder:
        target = targets.lexgate(Path(folder) / "lexgate", upstream)
        try:
            target.start(0)
            if not target.ready():
                raise SystemExit((target.folder / "output.log").read_text())
            urls = {"direct": upstream, "lexgate": f"http://127.0.0.1:{target.port}"}
            for turn in range(streams + 1):
                for name, url in urls.items():
                    found = hear(url, _body(turn))
                    if turn:
                        heard[name].append(found)
        finally:
            target.stop()
            provider.terminate()
            provider.wait(5)
    return heard


def _body(turn: int) -> bytes:
    """A new prompt of about 1 KB for each turn, the same for both."""
    content = corpus.text(random.Random(turn), 1000, personal=turn % 3 == 0)
    request = {"model": corpus.MODEL, "stream": True, "messages": [{"role": "user", "content": content}]}
    return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()  # as the provider reads it


def told(heard: dict[str, list[Heard]]) -> str:
    """The report as a table."""
    rows = [
        "| | streams | events each | largest gap, median ms | largest gap of all, ms | first byte p50, ms |",
        "|---|---|---|---|---|---|",
    ]
    for name, streams in heard.items():
        gaps, counts = [one.largest_gap for one in streams], sorted({one.events for one in streams})
        first = statistics.median(one.first for one in streams)
        rows.append(
            f"| {name} | {len(streams)} | {', '.join(map(str, counts))} | {statistics.median(gaps):.1f} | {max(gaps):.1f} | {first:.1f} |"
        )
    added = statistics.median(t.first - d.first for d, t in zip(heard["direct"], heard["lexgate"], strict=True))
    return "\n".join([*rows, "", f"first byte added, p50 of pairs: {added:.1f} ms"])


def main() -> None:
    parser = argparse.ArgumentParser(description="Streams through Lexgate beside the same streams direct.")
    parser.add_argument("--streams", type=int, default=10, help="of each")
    parser.add_argument("--events", type=int, default=40)
    arguments = parser.parse_args()
    print(told(measure(arguments.streams, arguments.events)))


if __name__ == "__main__":
    main()
