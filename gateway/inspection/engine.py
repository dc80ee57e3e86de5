"""From a text to findings: normalise, one pattern pass with checks, names, and one answer where they overlap.

An engine belongs to one thread (Hyperscan's scratch space, the tagger's session). It has no state beyond what it was
built from: the same text gives the same spans, whatever was inspected before or beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from gateway.errors import ConfigurationError
from gateway.flow import Span
from gateway.inspection import matcher
from gateway.inspection.overlap import resolve
from gateway.inspection.readings import Reading, readings
from gateway.inspection.recognizer import Recognizer
from gateway.inspection.recognizers import RECOGNIZERS

_SURE = 0.85


class Detector(Protocol):
    """Anything else that finds spans in whole texts: the names tagger, an adapted Presidio recogniser."""

    def tag(self, texts: Sequence[str]) -> list[list[Span]]:
        """One list of spans per text, offsets in its code points. Cuts long texts into windows itself."""
        ...


class PatternScanner:
    """The pattern tier: one matcher over the anchors of a set of recognisers."""

    def __init__(self, recognizers: Sequence[Recognizer]) -> None:
        self._shapes = [(each, shape) for each in recognizers for shape in each.shapes]
        self._matcher = matcher.build([shape.anchor for _, shape in self._shapes])

    def find(self, text: str) -> list[Span]:
        """All candidates that pass their checks, overlapping ones included. `text` is normalised already."""
        found: list[Span] = []
        covered, sure = -1, 0.0  # how far, and how surely, what was found so far reaches
        for number, at in self._matcher.scan(text):
            recognizer, shape = self._shapes[number]
            if at < covered and shape.ceiling <= sure:
                continue  # would lose against what stands there: spare the search for its cue
            for start, end, score in shape.complete(text, at):
                found.append(Span(start, end, recognizer.label, score, recognizer.name))
                if end > covered and score >= _SURE:
                    covered, sure = end, score
        return found


class Engine:
    """The inspector of texts. Build once, use from one thread.

    `names=False` leaves the names tier out; otherwise its model must be there (ConfigurationError). `detectors` are
    asked in addition, `recognizers` replaces the built-in list.
    """

    def __init__(
        self,
        *,
        names: bool = True,
        recognizers: Sequence[Recognizer] = RECOGNIZERS,
        detectors: Sequence[Detector] = (),
        names_folder: Path | None = None,
    ) -> None:
        self._scanner = PatternScanner(recognizers)
        self._detectors: list[Detector] = [*([_tagger(names_folder)] if names else []), *detectors]
        self.version = _version(recognizers, names, names_folder, detectors)

    def inspect(self, text: str, lang: str = "") -> list[Span]:
        """Disjoint spans in order; offsets are code points of `text` as given. `lang` is a hint and may be empty."""
        return self.inspect_many([text], lang)[0]

    def inspect_many(self, texts: Sequence[str], lang: str = "") -> list[list[Span]]:
        """The spans of each text; models see all texts as one batch."""
        del lang  # today's patterns and model serve all languages at once; the hint is kept for those that will not
        read = [list(readings(text)) for text in texts]
        found = [[self._scanner.find(each.text) for each in of_text] for of_text in read]
        prose = [
            (each, spans)
            for of_text, lists in zip(read, found, strict=True)
            for each, spans in zip(of_text, lists, strict=True)
            if each.prose
        ]
        for detector in self._detectors:
            tagged = detector.tag([each.text for each, _ in prose])
            for (_, spans), more in zip(prose, tagged, strict=True):
                spans.extend(more)
        return [_chosen(text, *pair) for text, pair in zip(texts, zip(read, found, strict=True), strict=True)]


def _chosen(text: str, read: Sequence[Reading], found: Sequence[list[Span]]) -> list[Span]:
    """One answer from all readings of a text, in its own code points."""
    first = read[0].normal
    chosen = resolve(first.text, found[0]) if found[0] else []
    if first.starts is not None:
        chosen = [Span(*first.original(span.start, span.end), span.label, span.score, span.detector) for span in chosen]
    others = [
        span
        for each, spans in zip(read[1:], found[1:], strict=True)
        if spans
        for span in each.counted(resolve(each.text, spans))
    ]
    return resolve(text, [*chosen, *others]) if others else chosen


def _tagger(folder: Path | None) -> Detector:
    """The names tier. Imported here: it loads a model and numerical libraries that pattern-only users do not need."""
    try:
        from gateway.inspection.names import Tagger
    except ImportError as problem:
        raise ConfigurationError(
            f"the names model cannot be loaded ({problem.name or 'module'} is missing); "
            "install it or switch names off explicitly"
        ) from problem
    try:
        return Tagger(folder)
    except (OSError, ValueError, RuntimeError) as problem:
        raise ConfigurationError(
            f"the names model cannot be loaded ({type(problem).__name__}); install it or switch names off explicitly"
        ) from problem


def _version(recognizers: Iterable[Recognizer], names: bool, folder: Path | None, detectors: Iterable[object]) -> str:
    """A digest of everything that decides what is found: the code and data of this package and the models beside it."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    files = [path for path in here.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    if folder is not None:
        files += [path for path in folder.rglob("*") if path.is_file()]
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    for recognizer in recognizers:
        for shape in recognizer.shapes:
            digest.update(f"{recognizer.name}\0{recognizer.label}\0{shape.anchor}\0{shape.expression}\0".encode())
    digest.update(repr((names, [getattr(each, "version", type(each).__qualname__) for each in detectors])).encode())
    return digest.hexdigest()[:24]
