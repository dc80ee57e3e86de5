"""From a text to findings: normalise, one pattern pass with checks, names, and one answer where they overlap.

An engine belongs to one thread (Hyperscan's scratch space, the tagger's session). It has no state beyond what it was
built from: the same text gives the same spans, whatever was inspected before or beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gateway.errors import ConfigurationError
from gateway.flow import Span
from gateway.inspection import matcher
from gateway.inspection.content.classes import HINTS, ClassFinder
from gateway.inspection.figures import needs_hints
from gateway.inspection.needs import Needs
from gateway.inspection.overlap import resolve
from gateway.inspection.readings import Reading, readings
from gateway.inspection.recognizer import CUE_WINDOW, Recognizer, Shape
from gateway.inspection.steps import Detector, Steps, finished, tag_in_steps

UNIT = 8_192
"""Code points from which on a text is worked on in steps."""
HITS = 512
"""Anchors tried in one step."""

BLOCK = 8_192
"""Code points of a window that is scanned for anchors at once."""
_MARGIN = 512
"""Windows overlap by twice as many: no anchor is longer."""

_SURE = 0.85
_NOWHERE = (-1, 0.0)
"""Nothing found reaches anywhere yet."""

Seen = tuple[list[Span], list[Span]]
"""The spans of a text, and its classes of content as empty spans."""

Own = Callable[[str], Seen]
"""Finds in a normalised text what an organisation registered: see `gateway.inspection.own`."""


class PatternScanner:
    """The pattern tier: one matcher over the anchors of a set of recognisers."""

    def __init__(self, recognizers: Sequence[Recognizer], cache: Path | None = None) -> None:
        anchors: dict[tuple[str, tuple[str, ...]], list[tuple[Recognizer, Shape]]] = {}
        for each in recognizers:
            for shape in each.shapes:
                anchors.setdefault((shape.anchor, shape.needs), []).append((each, shape))
        # By anchor, what several shapes have in common is looked for once; of each what is needed where it hits.
        self._shapes = [
            tuple((shape.complete, shape.ceiling, recognizer.label, recognizer.name) for recognizer, shape in shapes)
            for shapes in anchors.values()
        ]
        # A cue's window, with the character before it that a word's boundary depends on.
        needs = Needs(tuple(anchor for anchor, _ in anchors), tuple(words for _, words in anchors), CUE_WINDOW + 1)
        self._matcher = matcher.build(needs, cache)

    def find(self, text: str) -> list[Span]:
        """All candidates that pass their checks, overlapping ones included. `text` is normalised already."""
        found = self.at_once(text)
        return finished(self.steps(text)) if found is None else found

    def at_once(self, text: str) -> list[Span] | None:
        """The same where it is one step; None where it is not."""
        if len(text) > BLOCK:
            return None
        hits = self._matcher.scan(text)
        if len(hits) > HITS:
            return None
        found: list[Span] = []
        self._complete(text, hits, found, _NOWHERE)
        return found

    def _complete(
        self, text: str, hits: Iterable[matcher.Hit], found: list[Span], reached: tuple[int, float]
    ) -> tuple[int, float]:
        """Adds what stands at these anchors. `reached`: how far, and how surely, what was found so far reaches."""
        covered, sure = reached
        shapes = self._shapes
        for number, at in hits:
            for complete, ceiling, label, name in shapes[number]:
                if at < covered and ceiling <= sure:
                    continue  # would lose against what stands there: spare the search for its cue
                for start, end, score in complete(text, at):
                    found.append(Span(start, end, label, score, name))
                    if end > covered and score >= _SURE:
                        covered, sure = end, score
        return covered, sure

    def steps(self, text: str) -> Steps[list[Span]]:
        """The same in steps of bounded work."""
        found: list[Span] = []
        reached = _NOWHERE
        for block in range(0, max(len(text), 1), BLOCK):
            hits = self._hits(text, block)
            for first in range(0, len(hits), HITS):
                if first:
                    yield
                reached = self._complete(text, hits[first : first + HITS], found, reached)
            if block + BLOCK < len(text):
                yield
        return found

    def _hits(self, text: str, block: int) -> list[matcher.Hit]:
        """The anchors that begin in a block. It is scanned with what stands around it, so that cuts change nothing."""
        if len(text) <= BLOCK:
            return self._matcher.scan(text)
        begin = max(0, block - _MARGIN)
        hits = self._matcher.scan(text[begin : block + BLOCK + _MARGIN])
        return [(number, at + begin) for number, at in hits if block <= at + begin < block + BLOCK]


class Engine:
    """The inspector of texts. Build once, use from one thread.

    `names=False` leaves the names tier out; otherwise its model must be there (ConfigurationError). `classes=False` leaves out
    what speaks of whole texts, so that values alone are found. `detectors` are
    asked in addition, `recognizers` replaces the list that ships. `cache`: see `matcher.build`.
    """

    def __init__(
        self,
        *,
        names: bool = True,
        classes: bool = True,
        recognizers: Sequence[Recognizer] | None = None,
        detectors: Sequence[Detector] = (),
        names_folder: Path | None = None,
        cache: Path | None = None,
    ) -> None:
        recognizers = _shipped() if recognizers is None else recognizers
        with ThreadPoolExecutor(1, "engine") as beside:  # patterns are compiled without the GIL
            scanner = beside.submit(PatternScanner, recognizers, cache)
            self._tagger = _tagger(names_folder) if names else None
            self._classes = ClassFinder(cache) if classes else None
            self._hints = ClassFinder(cache, HINTS) if classes else None
            self._detectors = tuple(detectors)
            self.version = _version(recognizers, names, names_folder, detectors)
            self._scanner = scanner.result()

    def inspect(self, text: str, lang: str = "") -> list[Span]:
        """Disjoint spans in order; offsets are code points of `text` as given. `lang` is a hint and may be empty."""
        return self.inspect_many([text], lang)[0]

    def inspect_many(self, texts: Sequence[str], lang: str = "") -> list[list[Span]]:
        """The spans of each text; models see all texts as one batch."""
        return finished(self.steps(texts, lang))

    def steps(self, texts: Sequence[str], lang: str = "") -> Steps[list[list[Span]]]:
        """The same in steps of bounded work, so that whoever runs it can do something else between two of them."""
        seen = yield from self.seen(texts, lang)
        return [spans for spans, _ in seen]

    def seen(self, texts: Sequence[str], lang: str = "", own: Own | None = None) -> Steps[list[Seen]]:
        """For each text its spans, and what it is about. `own`: detectors of one organisation's own, beside ours."""
        del lang  # today's patterns and model serve all languages at once; the hint is kept for those that will not
        read: list[list[Reading]] = []
        found: list[list[list[Span]]] = []
        prose: list[tuple[str, list[Span]]] = []
        for text in texts:
            of_text: list[Reading] = []
            lists: list[list[Span]] = []
            for reading in readings(text):
                spans = self._scanner.at_once(reading.text)
                if spans is None:
                    yield
                    spans = yield from self._scanner.steps(reading.text)
                of_text.append(reading)
                lists.append(spans)
                if reading.prose:
                    prose.append((reading.text, spans))
            read.append(of_text)
            found.append(lists)
            if len(text) > UNIT:
                yield
        if self._tagger is not None or self._detectors:
            plain = [each for each, _ in prose]
            tagged = [] if self._tagger is None else [(yield from tag_in_steps(self._tagger, plain))]
            for by_text in (*tagged, *(detector.tag(plain) for detector in self._detectors)):
                for (_, spans), more in zip(prose, by_text, strict=True):
                    spans.extend(more)
        results: list[Seen] = []
        for text, of_text, lists in zip(texts, read, found, strict=True):
            normal = of_text[0].text
            classes = [] if self._classes is None else (yield from self._classes.steps(normal))
            if own is not None:
                spans, more_classes = own(normal)
                lists[0].extend(spans)
                classes += more_classes
            chosen = _chosen(text, of_text, lists)
            if chosen and self._hints is not None and needs_hints(text, chosen):
                classes += yield from self._hints.steps(normal)
            results.append((chosen, classes))
            if len(text) > UNIT:
                yield
        return results


def _chosen(text: str, read: Sequence[Reading], found: Sequence[list[Span]]) -> list[Span]:
    """One answer from all readings of a text, in its own code points."""
    first = read[0].normal
    if len(read) == 1 and not found[0]:
        return []
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


def _shipped() -> Sequence[Recognizer]:
    """Imported here: hundreds of expressions, which data workers do without. They use the scanner alone."""
    from gateway.inspection.shipped import RECOGNIZERS

    return RECOGNIZERS


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
