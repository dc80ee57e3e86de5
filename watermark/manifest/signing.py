"""Manifests embedded in files: the last mark, because it covers all others.

The signer is a callback: the key stays behind its port. If the time-stamp authority gives no answer the manifest is made
without a time-stamp, and `restamp_manifest` adds one later, see docs/marking.md for what that then proves.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from watermark.aigc.heif import rebased
from watermark.errors import MalformedMedia, MarkingFailed, Unsupported
from watermark.manifest import assertions, relay
from watermark.manifest.engine import context, library
from watermark.manifest.reading import carries_manifest
from watermark.marking import Ingredient, MarkingKeys, Origin, Signer
from watermark.media_types import sniff

EMBEDDED = frozenset(
    {
        "image/png", "image/jpeg", "image/webp", "image/gif", "image/tiff", "image/avif", "image/heic", "image/svg+xml",
        "video/mp4", "video/quicktime", "video/x-msvideo",
        "audio/wav", "audio/mpeg", "audio/flac", "audio/mp4",
        "application/pdf",
    }
)  # fmt: skip
"""The 16 types whose embedded manifests an independent implementation finds valid too."""

_FORMATS = {"video/x-msvideo": "avi", "video/quicktime": "mov", "audio/mp4": "m4a"}


@dataclass(frozen=True, slots=True)
class ManifestResult:
    """A file with its manifest, or the manifest of its own file."""

    data: bytes = field(repr=False)
    sidecar: bytes | None = field(default=None, repr=False)
    timestamped: bool = False


def sign_manifest(
    data: bytes, media_type: str, origin: Origin, keys: MarkingKeys, before: bytes | None = None
) -> ManifestResult:
    """`data` with a manifest inside. `before`: the output as it came, whose own manifest is kept as our parent.

    Raises Unsupported for a type that carries none, MarkingFailed when signing fails.
    """
    if media_type not in EMBEDDED:
        raise Unsupported(f"content of type {media_type or 'unknown'} cannot carry a C2PA manifest")
    data = _safe(data, media_type)
    signer = _signer(keys)
    definition, sources = _definition(media_type, origin, before)
    if keys.timestamp_url:
        try:
            with relay.bounded(keys.timestamp_url) as authority:
                signed = _sign(data, media_type, definition, sources, signer, authority)
            return ManifestResult(signed, timestamped=True)
        except MarkingFailed:
            pass  # the authority is down, or signing itself fails and is about to say so
    return ManifestResult(_sign(data, media_type, definition, sources, signer, ""))


def restamp_manifest(data: bytes, media_type: str, origin: Origin, keys: MarkingKeys) -> ManifestResult:
    """A copy of a signed file under a second, time-stamped manifest whose parent is the first: what it proves begins now.

    An update manifest would be shorter, but c2pa-rs 0.91 writes them so that half of the types no longer hold.
    Raises MarkingFailed when the authority is still down; the caller keeps the job and tries again.
    """
    if not keys.timestamp_url:
        raise MarkingFailed("no time-stamp authority is configured")
    definition = _described(origin, assertions.opened(origin, "0"))
    sources = ((Ingredient(media_type, "", data), "parentOf"),)
    with relay.bounded(keys.timestamp_url) as authority:
        signed = _sign(data, media_type, definition, sources, _signer(keys), authority)
    return ManifestResult(signed, timestamped=True)


def _safe(data: bytes, media_type: str) -> bytes:
    """The same content in a form that c2pa-rs does not damage."""
    if media_type not in {"image/avif", "image/heic"}:
        return data
    try:
        return rebased(data)
    except (MalformedMedia, OverflowError) as error:
        raise MarkingFailed("the C2PA manifest could not be made: the picture's table of items is damaged") from error


def _signer(keys: MarkingKeys) -> Signer:
    if keys.signer is None:
        raise MarkingFailed("a C2PA manifest is demanded, but there is no content-signing key")
    return keys.signer


def _definition(
    media_type: str, origin: Origin, before: bytes | None
) -> tuple[dict[str, Any], tuple[tuple[Ingredient, str], ...]]:
    """The manifest's definition, and its ingredients with how each relates to the output."""
    readable, others = _readable(origin.ingredients)
    parent = assertions.parent_of(readable, media_type) if not others else None
    came = _came_signed(before, media_type)
    if came:
        actions = assertions.edited(origin, "0", ours=True)
        sources = (*((one, "parentOf") for one in came), *((one, "inputTo") for one in readable))
    elif parent is not None:
        actions = assertions.edited(origin, "0", ours=False)
        sources = ((parent, "parentOf"),)
    else:
        actions = assertions.created(origin, tuple(str(number) for number in range(len(readable))))
        sources = tuple((one, "inputTo") for one in readable)
    return _described(origin, actions, others), sources


def _came_signed(before: bytes | None, media_type: str) -> tuple[Ingredient, ...]:
    """The output as it came, if it has a manifest of its own that can be kept."""
    if before is None or not carries_manifest(before, media_type):
        return ()
    return _readable((Ingredient(media_type, "", before),))[0]


def _readable(ingredients: tuple[Ingredient, ...]) -> tuple[tuple[Ingredient, ...], tuple[Ingredient, ...]]:
    """Inputs that c2pa-rs can take in, under the type that they are; and those of which only the digest can be told."""
    c2pa = library()
    readable, others = [], []
    for one in ingredients:
        found = replace(one, media_type=sniff(one.data, one.media_type))
        try:
            if found.media_type not in EMBEDDED:
                raise c2pa.C2paError.NotSupported
            with c2pa.Builder({}, context=context()) as builder:
                _add(builder, 0, found, "inputTo")
            readable.append(found)
        except c2pa.C2paError:
            others.append(one)
    return tuple(readable), tuple(others)


def _described(origin: Origin, actions: dict[str, Any], others: tuple[Ingredient, ...] = ()) -> dict[str, Any]:
    return {
        "claim_generator_info": [assertions.generator()],
        "title": origin.produce_id,
        "assertions": [
            {"label": "c2pa.actions.v2", "data": actions, "created": True},
            {"label": assertions.ORIGIN_LABEL, "data": assertions.origin_assertion(origin, others), "created": True},
        ],
    }


def _sign(
    data: bytes,
    media_type: str,
    definition: dict[str, Any],
    sources: tuple[tuple[Ingredient, str], ...],
    signer: Signer,
    authority: str,
) -> bytes:
    c2pa = library()
    algorithm = c2pa.C2paSigningAlg.ED25519 if signer.algorithm == "ed25519" else c2pa.C2paSigningAlg.ES256
    target = io.BytesIO()
    try:
        with (
            c2pa.Signer.from_callback(
                _quiet(signer), algorithm, signer.certificates.decode(), authority or None
            ) as port,
            c2pa.Builder(definition, context=context()) as builder,
        ):
            for number, (source, relation) in enumerate(sources):
                _add(builder, number, source, relation)
            builder.sign(port, _format(media_type), io.BytesIO(data), target)
    except c2pa.C2paError as error:
        raise MarkingFailed(f"the C2PA manifest could not be made ({type(error).__name__.strip('_')})") from None
    return target.getvalue()


def _quiet(signer: Signer) -> Callable[[bytes], bytes]:
    """The port without its errors: c2pa-python would log their texts. No signature fails the signing."""

    def sign(data: bytes) -> bytes:
        try:
            return signer.sign(data)
        except Exception:
            return b""

    return sign


def _add(builder: Any, number: int, source: Ingredient, relation: str) -> None:
    description = {"label": str(number), "title": f"input {number}", "relationship": relation}
    builder.add_ingredient(description, _format(source.media_type), io.BytesIO(source.data))


def _format(media_type: str) -> str:
    return _FORMATS.get(media_type, media_type)
