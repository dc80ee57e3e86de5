"""Step 3: what is in it. Findings per part; content seen before for this tenant is not scanned again.

Two layers of one cache: a segment (a message, a tool) by its canonical bytes, and a text by itself, so that an answer
inspected at `settle` is known when the next turn sends it back. Where a value may be split over two texts, their ends
are inspected together.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.continuing import continue_earlier
from gateway.extraction.cached import extract_files, unread_of
from gateway.extraction.gathered import Extracted
from gateway.extraction.pages import joints_of
from gateway.flow import CLASS, OPAQUE, Flow, Part, PartKind, Payload, Span
from gateway.inspection.figures import without_figures
from gateway.inspection.split_values import Joint, across, ends_of, joints, piece
from gateway.inspection.texts import inspect_texts
from gateway.inspection.verdict import FindingsOf, Verdict
from gateway.lineage.ancestry import said
from gateway.protocols.file_block import text_block
from gateway.protocols.request import Segment
from gateway.services import Services

SHORTEST = 2
"""Code points below which a string names nobody (a Chinese name has two)."""

CONTEXTUAL = frozenset({PartKind.FIELD, PartKind.NUMBER})
"""Kinds whose key is part of the meaning: `{"ssn": "078051120"}` is inspected as `ssn: 078051120`."""


READ = frozenset({PartKind.TEXT, PartKind.TOOL_RESULT})
"""Kinds that a model reads one after the other: a value may be split over them."""


async def inspect(flow: Flow, services: Services) -> None:
    """Findings of all segments of the request. Raises Unavailable when an inspector fails: the call is refused."""
    if flow.request is not None and flow.request.previous:
        await continue_earlier(flow, services)
    request = flow.request
    if request is None:
        raise RuntimeError("this step runs after decode")
    if flow.known is not None:
        flow.findings, flow.uninspected, flow.said = flow.known.findings, flow.known.uninspected, flow.known.said
        flow.unread, flow.files, flow.replaceable = flow.known.unread, flow.known.files, flow.known.replaceable
        services.call_metrics.verdicts_known[0] += len(request.segments)
        return
    tenant = flow.who.tenant
    cache, version = services.verdicts, services.version_for(services.segments_version, tenant)
    verdicts: list[Verdict | None] = [cache.get(tenant, version, segment.content) for segment in request.segments]
    missing = [index for index, verdict in enumerate(verdicts) if verdict is None]
    services.metrics.count("lexgate_cache", len(verdicts) - len(missing), cache="verdict", result="hit")
    if missing:
        services.metrics.count("lexgate_cache", len(missing), cache="verdict", result="miss")
        fresh = await _inspect_segments([request.segments[index] for index in missing], tenant, services)
        for index, verdict in zip(missing, fresh, strict=True):
            verdicts[index] = verdict
            cache.put(tenant, version, request.segments[index].content, verdict, verdict.size)
    known = [verdict for verdict in verdicts if verdict is not None]
    flow.said = tuple(verdict.said for verdict in known)
    joined = across([(each.role, verdict.ends) for each, verdict in zip(request.segments, known, strict=True)])
    flow.uninspected = tuple(sorted({kind for verdict in known for kind, _ in verdict.opaque}))
    flow.unread = tuple(sorted({f"{kind}: {why}" for verdict in known for kind, why in verdict.opaque}))
    flow.files = tuple(sorted({file for verdict in known for file in verdict.files}))
    if services.settings.inspection.files_as_text:
        flow.replaceable = frozenset(
            segment.parts()[index].path
            for segment, verdict in zip(request.segments, known, strict=True)
            for index in verdict.whole
            if text_block(request.family, request.protocol, segment.parts()[index].path) is not None
        )
    if joined or any(verdict.spans or verdict.split or verdict.inside for verdict in known):
        of_tenant = FindingsOf(services.subject_key, tenant)
        flow.findings = (
            *(
                finding
                for segment, verdict in zip(request.segments, known, strict=True)
                if verdict.spans or verdict.split or verdict.inside
                for finding in verdict.findings(segment, of_tenant)
            ),
            *[
                of_tenant(request.segments[segment].parts()[part], span, value)
                for (segment, part), span, value in await _split(joined, tenant, services)
            ],
        )
        if services.settings.inspection.public_figures:
            flow.findings = without_figures(flow.findings)
    services.known_requests.keep(flow)


async def _inspect_segments(segments: list[Segment], tenant: str, services: Services) -> list[Verdict]:
    size = sum(len(segment.content) for segment in segments)
    walked = await services.heavy.run(size, lambda: [segment.parts() for segment in segments])
    files = await extract_files((part for parts in walked for part in parts if part.kind in OPAQUE), tenant, services)
    texts: dict[str, tuple[Span, ...]] = {}
    words = [_words(parts, files) for parts in walked]
    for parts in words:
        for _, part in parts:
            text = _inspected_text(part)
            if len(part.text) >= SHORTEST and text not in texts:
                texts[text] = ()
    runs = [[(index, part.text) for index, part in enumerate(parts) if part.kind in READ] for parts in walked]
    inside = [joints([piece(*text) for text in run]) for run in runs]
    texts |= {joint.text: () for together in inside for joint in together}
    texts |= {text: () for file in files.values() for _, text in file.texts if len(text) >= SHORTEST}
    texts |= {joint.text: () for file in files.values() for joint in joints_of(file)}
    await inspect_texts(texts, tenant, services)
    key = services.lineage.key(tenant)
    names = await services.heavy.run(size, lambda: [said(parts, key) for parts in walked])
    return [
        Verdict(
            tuple(
                (index, span)
                for index, part in its_words
                for span in _shifted(part, texts.get(_inspected_text(part), ()))
            ),
            tuple(sorted({each for part in parts if part.kind in OPAQUE for each in unread_of(part, files)})),
            its,
            inside=tuple(_inside(parts, files, texts)),
            files=tuple(sorted({files[part.payload].type for part in parts if part.payload in files})),
            split=tuple(found for joint in together for found in joint.split(texts[joint.text])),
            ends=ends_of(run),
            whole=tuple(_read_whole(parts, files)),
        )
        for parts, its_words, its, run, together in zip(walked, words, names, runs, inside, strict=True)
    ]


def _words(parts: tuple[Part, ...], files: dict[Payload, Extracted]) -> list[tuple[int, Part]]:
    """Parts that are inspected as they stand, with their index. The code of a file that was read whole is none."""
    read = {part.path for part in parts if part.payload in files and not files[part.payload].unread}
    return [
        (index, part)
        for index, part in enumerate(parts)
        if part.kind not in OPAQUE and not (part.kind is PartKind.FIELD and part.path in read)
    ]


def _read_whole(parts: tuple[Part, ...], files: dict[Payload, Extracted]) -> Iterator[int]:
    """Files of which nothing was left unread, by the part's index."""
    for index, part in enumerate(parts):
        if part.kind is PartKind.FILE and part.payload in files and not files[part.payload].unread:
            yield index


def _inside(
    parts: tuple[Part, ...], files: dict[Payload, Extracted], texts: dict[str, tuple[Span, ...]]
) -> Iterator[tuple[int, Span, str]]:
    """What was found in the text of files, by the part's index. Where in the file it stands, nobody needs to know."""
    for index, part in enumerate(parts):
        if part.payload is not None and part.kind in OPAQUE and part.payload in files:
            for _, text in files[part.payload].texts:
                for span in texts.get(text, ()):
                    yield index, span, text[span.start : span.end]
            for joint in joints_of(files[part.payload]):
                split = {value: span for _, span, value in joint.split(texts[joint.text])}
                yield from ((index, span, value) for value, span in split.items())


async def _split(
    joined: list[Joint[tuple[int, int]]], tenant: str, services: Services
) -> list[tuple[tuple[int, int], Span, str]]:
    """The pieces of values that are split over segments."""
    texts: dict[str, tuple[Span, ...]] = {joint.text: () for joint in joined}
    await inspect_texts(texts, tenant, services)
    return [found for joint in joined for found in joint.split(texts[joint.text])]


def _context(part: Part) -> str:
    if part.kind not in CONTEXTUAL:
        return ""
    return next((f"{key}: " for key in reversed(part.path) if isinstance(key, str)), "")


def _inspected_text(part: Part) -> str:
    return _context(part) + part.text


def _shifted(part: Part, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Spans of the inspected text as spans of the part's own text; what lies in the context is dropped."""
    offset = len(_context(part))
    if not offset:
        return spans
    whole = tuple(span for span in spans if span.label == CLASS)
    return whole + tuple(
        Span(max(0, span.start - offset), span.end - offset, span.label, span.score, span.detector)
        for span in spans
        if span.end > offset and span.label != CLASS
    )
