"""A manifest in a file of its own, for a type that cannot hold one, or in which readers disagree about it (OOXML)."""

from __future__ import annotations

from hashlib import sha256

from watermark.errors import MarkingFailed
from watermark.manifest import assertions
from watermark.manifest.signing import ManifestResult
from watermark.manifest.store import make_store
from watermark.marking import MarkingKeys, Origin


def sign_sidecar(data: bytes, origin: Origin, keys: MarkingKeys) -> ManifestResult:
    """`data` as it is, and its manifest (media type application/c2pa). Raises MarkingFailed.

    Inputs stand in it by their digests only: a store of our own holds no ingredients.
    """
    if keys.signer is None:
        raise MarkingFailed("a C2PA manifest is demanded, but there is no content-signing key")
    said = {
        "c2pa.actions.v2": assertions.created(origin),
        assertions.ORIGIN_LABEL: assertions.origin_assertion(origin, origin.ingredients),
    }
    store, stamped = make_store(sha256(data).digest(), said, keys.signer, authority=keys.timestamp_url)
    return ManifestResult(data, sidecar=store, timestamped=stamped)
