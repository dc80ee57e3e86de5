"""A file from which something must be taken out goes on as its redacted text: a file itself cannot be edited.

Only for this attempt: where nothing must be taken out, the file arrives as it was sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from gateway.extraction.cached import extract_files
from gateway.extraction.gathered import Extracted
from gateway.extraction.pages import joints_of
from gateway.flow import CLASS, Finding, Flow, PartKind, Path, Span
from gateway.inspection.subjects import subject_key
from gateway.inspection.texts import inspect_texts
from gateway.protocols.file_block import TextBlock, replaced, text_block
from gateway.protocols.request import DecodedRequest
from gateway.services import Services

BETWEEN = "\n\n"
"""What stands between two pieces of a file."""


@dataclass(frozen=True, slots=True)
class AsText:
    """A request whose files are texts, and all its findings."""

    request: DecodedRequest
    findings: tuple[Finding, ...]


async def as_text(
    flow: Flow, request: DecodedRequest, unredactable: tuple[Finding, ...], services: Services
) -> AsText | None:
    """The request with the files that hold `unredactable` as texts; None where one of them cannot be."""
    paths = {finding.path for finding in unredactable}
    if not paths <= flow.replaceable:
        return None
    parts = [part for part in request.parts() if part.path in paths and part.payload is not None]
    files = await extract_files(parts, flow.who.tenant, services)
    blocks: dict[TextBlock, str] = {}
    findings = [finding for finding in flow.findings if finding.path not in paths]
    for part in parts:
        block = text_block(request.family, request.protocol, part.path)
        if block is None or part.payload not in files or block in blocks:
            continue
        file = files[part.payload]
        blocks[block] = BETWEEN.join(text for _, text in file.texts)
        findings = [finding for finding in findings if finding.path[: len(block.path)] != block.path]
        findings += await _findings(file, block.text_path, flow.who.tenant, services)
    body = replaced(request, blocks)
    if body is None or not blocks:
        return None
    decoder = services.decoders[flow.endpoint.protocol]
    changed: DecodedRequest = await services.heavy.run(len(body), decoder, body, labels=services.own_labels)
    if flow.endpoint.model:
        changed = changed.addressed(flow.endpoint.model, stream=flow.endpoint.stream, framing=flow.endpoint.framing)
    return AsText(changed, tuple(findings))


async def _findings(file: Extracted, path: Path, tenant: str, services: Services) -> list[Finding]:
    """What was found in the pieces of a file, where it stands in all of them together."""
    pieces = [text for _, text in file.texts]
    meeting = joints_of(file)
    texts: dict[str, tuple[Span, ...]] = dict.fromkeys([*pieces, *(joint.text for joint in meeting)], ())
    await inspect_texts(texts, tenant, services)
    starts = [0, *accumulate(len(piece) + len(BETWEEN) for piece in pieces)]
    found = []
    for start, piece in zip(starts, pieces, strict=False):
        for span in texts[piece]:
            if span.label != CLASS:
                value = piece[span.start : span.end]
                moved = Span(span.start + start, span.end + start, span.label, span.score, span.detector)
                subject = subject_key(services.subject_key, tenant, span.label, value)
                found.append(Finding(path, PartKind.TEXT, moved, value, subject))
    for joint in meeting:
        for number, span, whole in joint.split(texts[joint.text]):
            moved = span._replace(start=span.start + starts[number], end=span.end + starts[number])
            subject = subject_key(services.subject_key, tenant, span.label, whole)
            found.append(Finding(path, PartKind.TEXT, moved, pieces[number][span.start : span.end], subject))
    return found
