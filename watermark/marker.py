"""All marks of one output, in the one order: explicit label, invisible mark, `AIGC` metadata, C2PA manifest last.

Each mark covers the ones before it, so the order is not a choice. What a type of content cannot carry is refused, told
beside the file, or recorded, as `Marking.unsupported` says; nothing that was asked for is left out in silence, and a
step that fails fails the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from watermark.aigc import AIGC_TYPES, ours, propagated, read_aigc, write_aigc
from watermark.errors import MarkingFailed, Unsupported, WatermarkError
from watermark.manifest import sign_manifest, sign_sidecar
from watermark.marking import Marked, Marking, MarkingKeys, Origin
from watermark.media_types import OFFICE, canonical, sniff


@dataclass(slots=True)
class _Work:
    """One output on its way through the steps."""

    data: bytes = field(repr=False)
    media_type: str
    origin: Origin
    marking: Marking
    keys: MarkingKeys
    before: bytes = field(repr=False)  # as it came: its own manifest is kept as our parent
    carries: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # marks that this type cannot carry
    sidecar: bytes | None = field(default=None, repr=False)
    timestamped: bool = False


def mark(data: bytes, media_type: str, origin: Origin, marking: Marking, keys: MarkingKeys) -> Marked:
    """`data` with every mark that is asked for. Its bytes decide what it is; `media_type` only where they cannot.

    Raises Unsupported when a mark is demanded that the type cannot carry and policy says block, MarkingFailed for all
    else that keeps a mark from being made: then there is no output.
    """
    actual = sniff(data, media_type) or canonical(media_type)
    work = _Work(data, actual, origin, marking, keys, data)
    for name, wanted, step in _STEPS:
        if wanted(marking):
            _run(name, step, work)
    _settle_missing(work)
    return Marked(work.data, actual, tuple(work.carries), work.sidecar, work.timestamped)


def _run(name: str, step: Callable[[_Work], None], work: _Work) -> None:
    try:
        step(work)
    except Unsupported:
        if work.marking.unsupported == "block":
            raise
        work.missing.append(name)
    except MarkingFailed:
        raise
    except WatermarkError as error:
        raise MarkingFailed(f"the {name} mark could not be made: {error}") from error
    except Exception as error:
        raise MarkingFailed(f"the {name} mark could not be made ({type(error).__name__})") from None


def _explicit(work: _Work) -> None:
    label = _labeller(work.media_type)
    work.data = label(work.data, work.media_type, work.marking.notice, work.marking.language)
    work.carries.append("explicit")


def _invisible(work: _Work) -> None:
    embed = _embedder(work.media_type)
    work.data = embed(work.data, work.media_type, work.origin.payload, work.keys.invisible)
    work.carries.append("invisible")


def _aigc(work: _Work) -> None:
    if work.media_type not in AIGC_TYPES:
        raise Unsupported(f"content of type {work.media_type or 'unknown'} cannot carry the AIGC label")
    mine = ours(work.origin.producer, work.origin.produce_id)
    label = propagated(read_aigc(work.before, work.media_type), mine)
    work.data = write_aigc(work.data, work.media_type, label)
    work.carries.append("aigc")


def _c2pa(work: _Work) -> None:
    if work.media_type in OFFICE:  # readers disagree about manifests inside: it lies beside, whatever policy says
        _beside(work)
        return
    signed = sign_manifest(work.data, work.media_type, work.origin, work.keys, work.before)
    work.data, work.timestamped = signed.data, signed.timestamped
    work.carries.append("c2pa")


def _beside(work: _Work) -> None:
    signed = sign_sidecar(work.data, work.origin, work.keys)
    work.sidecar, work.timestamped = signed.sidecar, signed.timestamped
    work.carries.append("sidecar")


def _settle_missing(work: _Work) -> None:
    """What the type could not carry, as policy says; a manifest inside the file or beside it tells as much as a sidecar."""
    if not work.missing:
        return
    if work.marking.unsupported == "sidecar" and not {"c2pa", "sidecar"} & set(work.carries):
        _run("sidecar", _beside, work)
    elif work.marking.unsupported == "record":
        work.carries.append("record")


def _embedder(media_type: str) -> Callable[[bytes, str, int, bytes], bytes]:
    """The invisible mark of a kind of content."""
    kind = media_type.partition("/")[0]
    if kind == "image":
        from watermark.invisible import image

        return image.embed
    if kind == "audio":
        from watermark.invisible import audio

        return audio.embed
    raise Unsupported(f"there is no invisible mark for content of type {media_type or 'unknown'}")


def _labeller(media_type: str) -> Callable[[bytes, str, str, str], bytes]:
    """The explicit label of a kind of content; heavy libraries are loaded when first needed."""
    kind = media_type.partition("/")[0]
    if kind == "image":
        from watermark.explicit.image import label_image

        return label_image
    if kind == "audio":
        from watermark.explicit.audio import label_audio

        return label_audio
    if kind == "video":
        from watermark.explicit.video import label_video

        return label_video
    if media_type == "application/pdf" or media_type in OFFICE:
        from watermark.explicit.document import label_document

        return label_document
    raise Unsupported(f"there is no explicit label for content of type {media_type or 'unknown'}")


_STEPS: tuple[tuple[str, Callable[[Marking], object], Callable[[_Work], None]], ...] = (
    ("explicit", lambda marking: marking.notice, _explicit),
    ("invisible", lambda marking: marking.invisible, _invisible),
    ("aigc", lambda marking: marking.aigc, _aigc),
    ("c2pa", lambda marking: marking.c2pa, _c2pa),
)
