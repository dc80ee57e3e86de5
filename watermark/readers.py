"""One reader for each kind of mark: from a file to evidence. The order is that in which people are told of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from watermark.aigc import AIGC_TYPES, AigcLabel, read_aigc
from watermark.errors import MarkingFailed, Unsupported
from watermark.evidence import Carried, Evidence, Kind, Looking, State
from watermark.invisible.detected import Detected
from watermark.manifest import EMBEDDED, ManifestEvidence, read_manifest
from watermark.text_manifest import read_text_manifest

Reader = Callable[[bytes, Carried, Looking], Carried]
"""From a file and what is known of it already (media type and text) to what it carries besides."""

MOST_KEYS = 8
"""Tenants whose invisible marks are looked for in one file."""
_BROKEN = {"tampered": "tampered", "broken": "signature"}


def _found(*evidence: Evidence) -> Carried:
    return Carried("", evidence)


def _manifest(data: bytes, known: Carried, looking: Looking) -> Carried:
    """Integrity and trust of a C2PA manifest, in the file or beside it."""
    if known.media_type not in EMBEDDED and not looking.sidecar:
        return _found(*(Evidence(kind, "absent", "no_such_mark") for kind in _MANIFEST))
    try:
        read = read_manifest(data, known.media_type, looking.trust_anchors, looking.sidecar or None)
    except MarkingFailed:
        return _found(*(Evidence(kind, "not_examined", "no_library") for kind in _MANIFEST))
    if read.integrity == "absent":
        details = {"remote": read.remote} if read.remote else {}
        return _found(*(Evidence(kind, "absent", details=details) for kind in _MANIFEST))
    return _found(_integrity(read), _trust(read))


_MANIFEST: tuple[Kind, ...] = ("c2pa_integrity", "c2pa_trust")


def _text_manifest(data: bytes, known: Carried, looking: Looking) -> Carried:
    """The manifest in a text itself. Its signer counts as the signer of the whole: there is no other manifest in a text."""
    if not known.media_type.startswith("text/") or known.media_type == "text/html":
        return _found(Evidence("text_manifest", "absent", "no_such_mark"))
    try:
        read = read_text_manifest(known.text, looking.trust_anchors)
    except MarkingFailed:
        return _found(Evidence("text_manifest", "not_examined", "no_library"))
    if read.integrity == "absent":
        return _found(Evidence("text_manifest", "absent"))
    whole, trust = _integrity(read), _trust(read)
    return _found(replace(whole, kind="text_manifest", details={**whole.details, **trust.details}), trust)


def _integrity(read: ManifestEvidence) -> Evidence:
    names = (read.origin["produceId"],) if read.origin.get("produceId") else ()
    told = {
        "generator": read.generator,
        "synthetic": "yes" if read.synthetic else "",
        "system": read.origin.get("system", ""),
        "provider": read.origin.get("provider", ""),
        "time": read.origin.get("time", ""),
        "failures": ", ".join(read.failures),
    }
    state: State = "present" if read.integrity == "valid" else "invalid"
    return Evidence("c2pa_integrity", state, _BROKEN.get(read.integrity, ""), names, _told(told))


def _trust(read: ManifestEvidence) -> Evidence:
    stamp = read.timestamp
    told = {
        "signer": read.signer,
        "timestamp": stamp.time if stamp is not None and stamp.valid else "",
        "timestamp_trusted": "yes" if stamp is not None and stamp.trusted else "",
    }
    return Evidence(
        "c2pa_trust", "present" if read.trusted else "invalid", "" if read.trusted else "untrusted", details=_told(told)
    )


def _aigc(data: bytes, known: Carried, looking: Looking) -> Carried:
    """The AIGC metadata of GB 45438-2025: exactly one copy is valid."""
    if known.media_type not in AIGC_TYPES:
        return _found(Evidence("aigc", "absent", "no_such_mark"))
    labels = read_aigc(data, known.media_type)
    if not labels:
        return _found(Evidence("aigc", "absent"))
    names = tuple(dict.fromkeys(name for label in labels for name in label.identifiers))
    details = _told(_label(labels[0]))
    if len(labels) > 1:
        return _found(Evidence("aigc", "invalid", "several", names, details))
    well_formed = labels[0].label in {"1", "2", "3"}
    return _found(
        Evidence("aigc", "present", "", names, details)
        if well_formed
        else Evidence("aigc", "invalid", "malformed", names, details)
    )


def _invisible(data: bytes, known: Carried, looking: Looking) -> Carried:
    """Our marks in pixels and samples, under each tenant's key in turn: a second or so for each that is not there."""
    detect = _detector(known.media_type)
    if detect is None:
        return _found(Evidence("invisible", "absent", "no_such_mark"))
    if not looking.invisible_keys:
        return _found(Evidence("invisible", "not_examined", "no_key"))
    ends, tried = time.monotonic() + looking.seconds, 0
    try:
        for tenant, key in looking.invisible_keys[:MOST_KEYS]:
            if tried and time.monotonic() > ends:
                break
            found = detect(data, known.media_type, key)
            tried += 1
            if found is not None:
                told = {"score": f"{found.score:.1f}", "threshold": f"{found.threshold:.1f}"}
                return Carried(
                    "", (Evidence("invisible", "present", details=told),), payloads=((tenant, found.payload),)
                )
    except Unsupported:
        return _found(Evidence("invisible", "absent", "no_such_mark"))
    except ImportError:
        return _found(Evidence("invisible", "not_examined", "no_library"))
    if len(looking.invisible_keys) > tried:
        return _found(Evidence("invisible", "not_examined", "many_keys"))
    return _found(Evidence("invisible", "absent"))


def _detector(media_type: str) -> Callable[[bytes, str, bytes], Detected | None] | None:
    """What finds an invisible mark in this kind of file; heavy libraries are loaded when first needed."""
    if media_type.startswith("image/"):
        from watermark.invisible import image

        return image.detect
    if media_type.startswith("audio/"):
        from watermark.invisible import audio

        return audio.detect
    return None


def _prints(data: bytes, known: Carried, looking: Looking) -> Carried:
    """What a picture or a sound is known by in a record; only where a record is asked."""
    if not looking.invisible_keys:
        return _found()
    try:
        if known.media_type.startswith("image/"):
            from watermark.prints.picture import image_queries

            return Carried("", (), prints=image_queries(data, known.media_type))
        if known.media_type.startswith("audio/"):
            from watermark.prints.sound import audio_queries

            return Carried("", (), prints=audio_queries(data, known.media_type))
    except (Unsupported, ImportError):
        pass
    return _found()


def _label(label: AigcLabel) -> Mapping[str, str]:
    return {
        "label": label.label,
        "producer": label.content_producer,
        "produce_id": label.produce_id,
        "propagator": label.content_propagator,
        "propagate_id": label.propagate_id,
    }


def _told(details: Mapping[str, str]) -> dict[str, str]:
    """What the file says, cut to what people read; empty members left out."""
    return {name: value[:256] for name, value in details.items() if value}


READERS: tuple[tuple[tuple[Kind, ...], Reader], ...] = (
    (("c2pa_integrity", "c2pa_trust"), _manifest),
    (("aigc",), _aigc),
    (("invisible",), _invisible),
    (("text_manifest",), _text_manifest),
    ((), _prints),
)
