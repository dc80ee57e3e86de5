"""Reading the manifest of a text: c2pa-rs judges the store, and the binding to the text is checked here.

c2pa-rs knows no container for texts, so it cannot tell that the stretch which the hash leaves out is the wrapper.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from watermark.manifest.engine import context, document, library
from watermark.manifest.evidence import ManifestEvidence
from watermark.manifest.reading import evidence_of
from watermark.text_wrapper import TextWrapper, find_wrappers

_MISMATCH, _HASH = "assertion.dataHash.mismatch", "c2pa.hash.data"


def read_text_manifest(text: str, trust_anchors: bytes = b"") -> ManifestEvidence:
    """What the manifest in a text says. Never raises for what a text contains."""
    wrappers = find_wrappers(text)
    if not wrappers:
        return ManifestEvidence("absent")
    if len(wrappers) > 1:
        return ManifestEvidence("broken", failures=("manifest.text.multipleWrappers",))
    wrapper = wrappers[0]
    if wrapper is None:
        return ManifestEvidence("broken", failures=("manifest.text.corruptedWrapper",))
    c2pa, trusting, data = library(), context(trust_anchors), text.encode("utf-8", "replace")
    try:
        with c2pa.Reader("text/plain", io.BytesIO(data), manifest_data=wrapper.store, context=trusting) as reader:
            evidence = evidence_of(document(reader), ignore=(_MISMATCH,))
            bound = _bound(json.loads(reader.crjson()), evidence.label, data, wrapper)
    except c2pa.C2paError as error:
        return ManifestEvidence("broken", failures=(str(error).partition(":")[0],))
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        return ManifestEvidence("broken", failures=("report.unreadable",))
    if not bound and evidence.integrity == "valid":
        return replace(evidence, integrity="tampered", failures=(*evidence.failures, _MISMATCH))
    return evidence


def _bound(report: Mapping[str, Any], label: str, data: bytes, wrapper: TextWrapper) -> bool:
    """Whether the one stretch left out is the wrapper, and the rest has the digest that was signed."""
    manifest = next(one for one in report["manifests"] if one["label"] == label)
    signed = manifest["assertions"][_HASH]
    place = {"start": wrapper.start, "length": wrapper.length}
    if signed.get("exclusions") != [place] or signed.get("alg", "sha256") != "sha256":
        return False
    expected = base64.b64decode(signed["hash"].removeprefix("b64'").removesuffix("'"), validate=True)
    rest = data[: wrapper.start] + data[wrapper.start + wrapper.length :]
    return compare_digest(sha256(rest).digest(), expected)
