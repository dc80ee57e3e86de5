"""Manifest stores written by ourselves, for what c2pa-rs has no container for: texts, and files beside which they lie.

C2PA 2.x: §8 (JUMBF boxes), §10 (claim v2), §13.2 (COSE signature), §18 (assertions). Bound to the content by a data
hash, with the stretch left out that will hold the store itself, if any.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from watermark.errors import MarkingFailed
from watermark.manifest.assertions import generator
from watermark.manifest.cbor import Tagged, encode
from watermark.manifest.timestamp import token_for
from watermark.marking import Signer

_ALGORITHMS = {"es256": -7, "ed25519": -8}  # COSE (RFC 9053)
_X5CHAIN = 33  # RFC 9360
_SIGN1 = 18  # RFC 9052
_CLAIM, _SIGNATURE, _ASSERTIONS, _HASH = "c2pa.claim.v2", "c2pa.signature", "c2pa.assertions", "c2pa.hash.data"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes of the content that the hash leaves out."""

    start: int
    length: int


def make_store(
    digest: bytes,
    assertions: Mapping[str, Any],
    signer: Signer,
    *,
    left_out: Stretch | None = None,
    authority: str = "",
) -> tuple[bytes, bool]:
    """A signed store over content of this SHA-256, and whether it is time-stamped. Raises MarkingFailed."""
    name = f"urn:c2pa:{uuid.uuid4()}"
    exclusions = [{"start": left_out.start, "length": left_out.length}] if left_out else None
    bound = ({"exclusions": exclusions} if exclusions else {}) | {"alg": "sha256", "hash": digest, "pad": b""}
    boxes = {label: _assertion(label, data) for label, data in {**assertions, _HASH: bound}.items()}
    claim = _claim(name, boxes)
    signature, stamped = _sign(claim, signer, authority)
    manifest = _super(
        b"c2ma",
        name,
        [
            _super(b"c2as", _ASSERTIONS, boxes.values()),
            _super(b"c2cl", _CLAIM, [_box(b"cbor", claim)]),
            _super(b"c2cs", _SIGNATURE, [_box(b"cbor", signature)]),
        ],
    )
    return _super(b"c2pa", "c2pa", [manifest]), stamped


def _claim(name: str, boxes: Mapping[str, bytes]) -> bytes:
    created = [{"url": f"self#jumbf={_ASSERTIONS}/{label}", "hash": _hashed(box)} for label, box in boxes.items()]
    return encode(
        {
            "instanceID": f"xmp:iid:{uuid.uuid4()}",
            "claim_generator_info": generator(),
            "signature": f"self#jumbf=/c2pa/{name}/{_SIGNATURE}",
            "created_assertions": created,
            "alg": "sha256",
        }
    )


def _sign(claim: bytes, signer: Signer, authority: str) -> tuple[bytes, bool]:
    """COSE_Sign1 with the claim detached; the chain stands in the protected header, the time-stamp (v2) outside."""
    protected = _protected(signer.algorithm, signer.certificates)
    try:
        signature = signer.sign(encode(["Signature1", protected, b"", claim]))
    except Exception as error:
        raise MarkingFailed(f"the content-signing key gave no signature ({type(error).__name__})") from None
    if len(signature) != 64:
        raise MarkingFailed("the content-signing key gave no signature of its algorithm")
    countersigned = encode(["CounterSignature", protected, b"", encode(signature)])  # what `sigTst2` stamps
    token = token_for(authority, countersigned) if authority else None
    outside = {"sigTst2": {"tstTokens": [{"val": token}]}} if token else {}
    return encode(Tagged(_SIGN1, [protected, outside, None, signature])), token is not None


@lru_cache(maxsize=16)
def _protected(algorithm: str, certificates: bytes) -> bytes:
    """Algorithm and chain (RFC 9360: one certificate stands alone, several in an array)."""
    chain = [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(certificates)]
    return encode({1: _ALGORITHMS[algorithm], _X5CHAIN: chain[0] if len(chain) == 1 else chain})


def _assertion(label: str, data: Any) -> bytes:
    return _super(b"cbor", label, [_box(b"cbor", encode(data))])


def _hashed(superbox: bytes) -> bytes:
    """A JUMBF superbox is hashed without its own header (§8.4.2.3)."""
    return sha256(superbox[8:]).digest()


def _super(kind: bytes, label: str, contents: Iterable[bytes]) -> bytes:
    """A labelled, requestable superbox (ISO/IEC 19566-5 §A)."""
    kind_id = kind + bytes.fromhex("00110010800000aa00389b71")
    return _box(b"jumb", _box(b"jumd", kind_id + b"\x03" + label.encode() + b"\x00") + b"".join(contents))


def _box(kind: bytes, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + kind + body
