"""Implicit marks: what they cost, how many types another implementation finds valid, how many changed bytes go unseen.

    python -m benchmarks.marking [DATA] [--flips 1000] [--texts 300]

Judged by encypher-c2pa, which shares no code with the signer. DATA is a folder with public C2PA test files
(those of c2pa-org/public-testfiles, for example) and a text marked by another program
(`c2pa-a8-marked-by-c2patxt.txt` with `lab-root-ed25519.pem`): our reader's verdicts on them are printed too.
"""

from __future__ import annotations

import argparse
import io
import random
import statistics
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from watermark.aigc import AIGC_TYPES, read_aigc
from watermark.manifest import EMBEDDED, read_manifest, sign_manifest
from watermark.marker import mark
from watermark.marking import Marking, MarkingKeys, Origin
from watermark.media_types import sniff
from watermark.signer import ROOT, ContentSigner
from watermark.text_manifest import TextManifest, read_text_manifest

ORIGIN = Origin(
    "01a20df9-3283-77cd-a2c6-e6edd523db1a", 0, "ab" * 32, 1, "painter-2", "example", "0011", 1_790_000_000_000_000
)
BOTH = Marking("bench", aigc=True, c2pa=True)
PUBLIC = {
    "20220124-C.jpg": "valid",
    "20220124-CA.jpg": "valid",
    "20220124-E-dat-CA.jpg": "tampered",
    "20220124-E-sig-CA.jpg": "tampered",
    "20220124-XCA.jpg": "tampered",
    "20220124-A.jpg": "absent",
}
WORDS = ("answer", "naïve", "世界", "한국어", "❤️", "👩‍👩‍👧", "हिन्दी", "Ångström", "。", "\n", " ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, help="folder with public test files")
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--texts", type=int, default=300)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys = MarkingKeys(ContentSigner.create(folder, "Benchmark"), bytes(32))
        anchors = (folder / ROOT).read_bytes()
        media = import_module("tests.watermark.sample_media")
        files = {kind: _large(media, kind) for kind in media.samples()}
        _types(files, keys, anchors)
        _costs(files, keys)
        _flips({kind: media.sample(kind) for kind in sorted(EMBEDDED)}, keys, anchors, arguments.flips)
        _texts(keys, anchors, arguments.texts)
        if arguments.data:
            _public(arguments.data)


def _types(files: dict[str, bytes], keys: MarkingKeys, anchors: bytes) -> None:
    valid = {kind for kind in EMBEDDED if _holds(sign_manifest(files[kind], kind, ORIGIN, keys).data, kind, anchors)}
    print(f"C2PA valid for encypher-c2pa           {len(valid)} of {len(EMBEDDED)}")
    both = 0
    for kind in AIGC_TYPES:
        marked = mark(files[kind], kind, ORIGIN, BOTH, keys)
        once = [label.produce_id for label in read_aigc(marked.data, kind)] == [ORIGIN.produce_id]
        both += once and _holds(marked.data, kind, anchors, marked.sidecar)
    print(f"AIGC once, and C2PA still valid        {both} of {len(AIGC_TYPES)}")


def _costs(files: dict[str, bytes], keys: MarkingKeys) -> None:
    largest = max(len(files[kind]) for kind in EMBEDDED)
    sign = [partial(sign_manifest, files[kind], kind, ORIGIN, keys) for kind in sorted(EMBEDDED)]
    both = [partial(mark, files[kind], kind, ORIGIN, BOTH, keys) for kind in AIGC_TYPES]
    _say(
        f"C2PA signing, files up to {largest / 1000:.0f} KB", [_milliseconds(work) for work in sign for _ in range(12)]
    )
    _say("AIGC and C2PA together", [_milliseconds(work) for work in both for _ in range(5)])


def _say(what: str, times: list[tuple[float, float]]) -> None:
    """Wall-clock time depends on the neighbours; CPU time does not."""
    for name, each in (("", [wall for wall, _ in times]), (", CPU", [cpu for _, cpu in times])):
        print(f"{what + name:<38} p50 {_part(each, 50):.1f} ms, p95 {_part(each, 95):.1f} ms")


def _flips(files: dict[str, bytes], keys: MarkingKeys, anchors: bytes, number: int) -> None:
    chance, unseen = random.Random(4), 0
    signed = {kind: sign_manifest(data, kind, ORIGIN, keys).data for kind, data in files.items()}
    for turn in range(number):
        kind = sorted(files)[turn % len(files)]
        at = _bound(signed[kind], files[kind], chance)
        changed = signed[kind][:at] + bytes([signed[kind][at] ^ chance.randrange(1, 256)]) + signed[kind][at + 1 :]
        unseen += read_manifest(changed, kind, anchors).integrity == "valid"
    print(f"changed bytes in bound regions         {number} tried, {unseen} read as valid")


def _texts(keys: MarkingKeys, anchors: bytes, number: int) -> None:
    chance, valid = random.Random(8), 0
    each: list[float] = []
    last: list[float] = []
    for _ in range(number):
        text = unicodedata.normalize("NFC", "".join(chance.choices(WORDS, k=chance.randrange(1, 400))))
        manifest = TextManifest(ORIGIN, keys)
        for delta in _cut(text, chance):
            started = time.thread_time()
            manifest.push(delta)
            each.append((time.thread_time() - started) * 1000)
        started = time.thread_time()
        out = text + manifest.end()
        last.append((time.thread_time() - started) * 1000)
        valid += read_text_manifest(out, anchors).integrity == "valid" and _holds(out.encode(), "text/plain", anchors)
    print(f"text manifests valid for both          {valid} of {number}")
    print(f"a delta of text, CPU                   p50 {_part(each, 50):.3f} ms, p99.9 {_part(each, 99.9):.3f} ms")
    print(f"the last delta, signed, CPU            p50 {_part(last, 50):.3f} ms, p95 {_part(last, 95):.3f} ms")


def _public(folder: Path) -> None:
    agreed, files = 0, 0
    for path in sorted(folder.rglob("*")):
        kind = sniff(path.read_bytes()) if path.is_file() else ""
        if kind not in EMBEDDED:
            continue
        found = read_manifest(path.read_bytes(), kind).integrity
        files, agreed = files + 1, agreed + (found == _other(path.read_bytes(), kind))
        expected = next((verdict for end, verdict in PUBLIC.items() if path.name.endswith(end)), None)
        if expected is not None:
            print(f"{path.name:<38} {found}, {'as' if found == expected else 'NOT AS'} expected")
    print(f"files read as encypher-c2pa reads them {agreed} of {files}")
    sample, root = folder / "c2pa-a8-marked-by-c2patxt.txt", folder / "lab-root-ed25519.pem"
    if sample.exists():
        text = sample.read_bytes().decode()
        found_in = read_text_manifest(text, root.read_bytes())
        changed = read_text_manifest(text.replace("e", "a", 1), root.read_bytes())
        print(
            f"{sample.name:<38} {found_in.integrity}, trusted {found_in.trusted}; with a letter changed {changed.integrity}"
        )


def _other(data: bytes, kind: str) -> str:
    report = import_module("encypher_c2pa").verify(data, kind, no_default_trust=True, online=False)
    return ("valid" if report["integrity"] == "valid" else "tampered") if report["present"] else "absent"


def _large(media: Any, kind: str) -> bytes:
    """A file of up to a megabyte, where the type's sample can be made larger at will."""
    forms = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/tiff": "TIFF"}
    if kind in forms:
        target = io.BytesIO()
        media.picture(620, 460).save(target, forms[kind], **({"quality": 98} if kind == "image/jpeg" else {}))
        return target.getvalue()
    if kind == "audio/wav":
        data: bytes = media.sound("wav", "pcm_s16le", 20)
        return data
    small: bytes = media.sample(kind)
    return small


def _holds(data: bytes, kind: str, anchors: bytes, sidecar: bytes | None = None) -> bool:
    encypher = import_module("encypher_c2pa")
    options = {"manifest_store": sidecar} if sidecar else {}
    report = encypher.verify(data, kind, trust_pem=anchors.decode(), no_default_trust=True, online=False, **options)
    return bool(report["validation_state"] == "Trusted")


def _bound(signed: bytes, original: bytes, chance: random.Random) -> int:
    """An offset whose byte came from the original and is bound: C2PA leaves out the `ftyp` box of MP4 and its kin."""
    first = int.from_bytes(original[:4], "big") if original[4:8] == b"ftyp" else 0
    while True:
        at = chance.randrange(first, len(original) - 12)
        run = original[at : at + 12]
        if original.count(run) == 1 and signed.count(run) == 1:
            return signed.index(run) + 6


def _cut(text: str, chance: random.Random) -> Iterator[str]:
    at = 0
    while at < len(text):
        end = at + chance.randrange(1, 9)
        yield text[at:end]
        at = end


def _milliseconds(work: Callable[[], object]) -> tuple[float, float]:
    """Wall-clock and CPU time of one run."""
    wall, cpu = time.perf_counter(), time.thread_time()
    work()
    return (time.perf_counter() - wall) * 1000, (time.thread_time() - cpu) * 1000


def _part(times: list[float], percent: float) -> float:
    ordered = sorted(times)
    return (
        statistics.median(ordered)
        if percent == 50
        else ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
    )


if __name__ == "__main__":
    main()
