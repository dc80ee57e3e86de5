"""What a manifest says for a file, from the report of c2pa-rs: integrity and trust told apart, nothing fetched."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from watermark.manifest.assertions import ORIGIN_LABEL, SYNTHETIC
from watermark.manifest.engine import context, document, library
from watermark.manifest.evidence import Integrity, ManifestEvidence, ManifestTime

_TRUST = ("signingCredential.", "timeStamp.")  # codes that speak of certificates, not of the file
_TAMPERED = (".mismatch", ".missing", ".outsideManifest", ".additionalExclusionsPresent", ".undeclared", ".duplicate")
_MOST_TEXT = 512  # characters kept of any string that a file claims


def carries_manifest(data: bytes, media_type: str) -> bool:
    """Whether there is a manifest inside, valid or not."""
    return read_manifest(data, media_type).integrity != "absent"


def read_manifest(
    data: bytes, media_type: str, trust_anchors: bytes = b"", sidecar: bytes | None = None
) -> ManifestEvidence:
    """What the manifest in `data`, or in `sidecar` for it, says.

    Never raises for what a file contains; BadTrustAnchors for what the reader trusts.
    """
    c2pa, trusting = library(), context(trust_anchors)
    try:
        with c2pa.Reader(_hint(media_type), io.BytesIO(data), manifest_data=sidecar, context=trusting) as reader:
            return evidence_of(document(reader))
    except c2pa.C2paError.ManifestNotFound:
        return ManifestEvidence("absent")
    except c2pa.C2paError.NotSupported:
        return ManifestEvidence("absent")
    except c2pa.C2paError as error:
        return _unread(str(error), data if sidecar is None else sidecar)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ManifestEvidence("broken", failures=("report.unreadable",))


def evidence_of(report: Mapping[str, Any], ignore: tuple[str, ...] = ()) -> ManifestEvidence:
    """Reads a report of c2pa-rs. `ignore`: codes that the caller has judged itself."""
    label = str(report.get("active_manifest", ""))
    manifest = report["manifests"][label]
    results = report.get("validation_results", {}).get("activeManifest", {})
    passed = {entry["code"] for entry in results.get("success", ())}
    noted = {entry["code"] for entry in results.get("informational", ())}
    failed = tuple(dict.fromkeys(entry["code"] for entry in results.get("failure", ()) if entry["code"] not in ignore))
    signature = manifest.get("signature_info", {})
    return ManifestEvidence(
        integrity=_integrity(passed, failed),
        trusted="signingCredential.trusted" in passed and not _credential_failed(failed),
        signer=_text(", ".join(filter(None, (signature.get("common_name"), signature.get("issuer"))))),
        algorithm=_text(signature.get("alg", "")),
        generator=_generator(manifest),
        synthetic=_synthetic(report, label),
        origin=_origin(manifest),
        timestamp=_time(signature, passed, noted | set(failed), checked=manifest.get("claim_version") == 2),
        ingredients=len(manifest.get("ingredients", ())),
        failures=failed,
        label=_text(label),
    )


def _integrity(passed: set[str], failed: tuple[str, ...]) -> Integrity:
    """Codes of C2PA 2.x §15.2: a claim signature that validates and no failure but of certificates means valid."""
    of_file = [code for code in failed if not code.startswith(_TRUST)]
    if any(code.endswith(_TAMPERED) for code in of_file):
        return "tampered"
    if of_file:
        return "broken"
    return "valid" if "claimSignature.validated" in passed else "broken"


def _credential_failed(failed: tuple[str, ...]) -> bool:
    return any(code.startswith("signingCredential.") for code in failed)


def _unread(message: str, data: bytes) -> ManifestEvidence:
    """c2pa-rs gave up: the manifest lies elsewhere, or it or the file around it cannot be read, or there is none in it."""
    name, _, rest = message.partition(":")
    if name in {"Remote", "RemoteManifest"}:
        return ManifestEvidence("absent", remote=_text(rest.strip().rpartition(" ")[2]))
    if b"jumb" not in data and b"c2pa" not in data:
        return ManifestEvidence("absent")
    return ManifestEvidence("broken", failures=(_text(name.strip()),))


def _generator(manifest: Mapping[str, Any]) -> str:
    info = manifest.get("claim_generator_info") or [{}]
    first = info[0] if isinstance(info, list) else info
    found = " ".join(filter(None, (first.get("name"), first.get("version"))))
    return _text(found or manifest.get("claim_generator", ""))


def _synthetic(report: Mapping[str, Any], label: str) -> bool:
    """Whether an action of this manifest, or of one that it descends from, says so."""
    manifests, seen = report["manifests"], set()
    while label in manifests and label not in seen:
        seen.add(label)
        manifest = manifests[label]
        for assertion in manifest.get("assertions", ()):
            if assertion.get("label", "").startswith("c2pa.actions"):
                actions = assertion.get("data", {}).get("actions", ())
                if any(action.get("digitalSourceType") in SYNTHETIC for action in actions):
                    return True
        parents = (one for one in manifest.get("ingredients", ()) if one.get("relationship") == "parentOf")
        parent = next(parents, None)
        label = str(parent.get("active_manifest", "")) if parent else ""
    return False


def _origin(manifest: Mapping[str, Any]) -> Mapping[str, str]:
    for assertion in manifest.get("assertions", ()):
        if assertion.get("label") == ORIGIN_LABEL and isinstance(assertion.get("data"), dict):
            return {_text(key): _text(value) for key, value in assertion["data"].items() if isinstance(value, str)}
    return {}


def _time(signature: Mapping[str, Any], passed: set[str], noted: set[str], *, checked: bool) -> ManifestTime | None:
    """`checked`: c2pa-rs holds the authority against our anchors, which it does not for claims of version 1."""
    stamped = signature.get("time")
    if not stamped and not any(code.startswith("timeStamp.") for code in passed | noted):
        return None
    return ManifestTime(
        time=_text(stamped or ""),
        valid="timeStamp.validated" in passed,
        trusted=checked and "timeStamp.trusted" in passed,
    )


def _hint(media_type: str) -> str | None:
    return media_type or None


def _text(value: object) -> str:
    return str(value)[:_MOST_TEXT]
