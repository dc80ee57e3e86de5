"""The content-signing key of one installation, beside the log's keys; the default behind the `Signer` port.

    keys/content-signing.key   P-256 or Ed25519; signs C2PA manifests
    keys/content-chain.pem     its certificate
    keys/content-root.key      signed that certificate, and will sign its successor
    keys/content-root.pem      the trust anchor to give to those who verify

An operator with a certificate of its own names key and chain instead; a key that lives in an HSM or KMS is any other
object with the three members of `watermark.marking.Signer`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from watermark.certificates import check_chain, make_leaf, make_root, pem
from watermark.errors import SigningKeyUnusable
from watermark.key_file import PrivateKey, read_key, write_key, write_private

Algorithm = Literal["es256", "ed25519"]

KEY, CHAIN, ROOT_KEY, ROOT = "content-signing.key", "content-chain.pem", "content-root.key", "content-root.pem"


class ContentSigner:
    """Signs manifests. Holds a secret: no repr of it, never pickled, never logged."""

    __slots__ = ("_chain", "_key")

    def __init__(self, key: PrivateKey, chain: bytes) -> None:
        """Raises SigningKeyUnusable when the chain is not of this key, or not fit for C2PA."""
        certificates = check_chain(chain, key)
        self._key = key
        self._chain = b"".join(pem(one) for one in certificates if one.subject != one.issuer)

    def __repr__(self) -> str:
        return f"ContentSigner({self.algorithm})"

    @classmethod
    def create(
        cls, folder: Path, organisation: str, passphrase: str = "", algorithm: Algorithm = "es256"
    ) -> ContentSigner:
        """Make a root and a leaf in `folder`; SigningKeyUnusable when there are some already."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = datetime.now(UTC)
        root_key, key = _new_key(algorithm), _new_key(algorithm)
        root = make_root(root_key, organisation, now)
        write_key(folder / ROOT_KEY, "content-root", root_key, passphrase)
        write_key(folder / KEY, "content-signing", key, passphrase)
        write_private(folder / ROOT, pem(root))
        write_private(folder / CHAIN, pem(make_leaf(key, root, root_key, now)))
        return cls.open(folder, passphrase)

    @classmethod
    def open(cls, folder: Path, passphrase: str = "") -> ContentSigner:
        """The signer of `folder`. Raises SigningKeyUnusable."""
        return cls.load(folder / KEY, folder / CHAIN, passphrase)

    @classmethod
    def load(cls, key: Path, chain: Path, passphrase: str = "") -> ContentSigner:
        """An operator's own key (our format or PEM) and chain (PEM, leaf first). Raises SigningKeyUnusable."""
        return cls(read_key(key, "content-signing", passphrase), read_certificates(chain))

    @property
    def algorithm(self) -> Algorithm:
        return "ed25519" if isinstance(self._key, Ed25519PrivateKey) else "es256"

    @property
    def certificates(self) -> bytes:
        """PEM, leaf first, without the root: validators hold that themselves."""
        return self._chain

    def sign(self, data: bytes) -> bytes:
        """Ed25519: 64 bytes. ES256: r and s, 32 bytes each, big endian (RFC 9053 §2.1)."""
        if isinstance(self._key, EllipticCurvePrivateKey):
            r, s = decode_dss_signature(self._key.sign(data, ECDSA(SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self._key.sign(data)


def renew(folder: Path, passphrase: str = "") -> ContentSigner:
    """A new certificate for the key of `folder` under its root; what was signed before stays as it is."""
    root_key = read_key(folder / ROOT_KEY, "content-root", passphrase)
    key = read_key(folder / KEY, "content-signing", passphrase)
    root = x509.load_pem_x509_certificate(read_certificates(folder / ROOT))
    fresh = folder / f"{CHAIN}.new"
    fresh.unlink(missing_ok=True)
    write_private(fresh, pem(make_leaf(key, root, root_key, datetime.now(UTC))))
    fresh.replace(folder / CHAIN)
    return ContentSigner.open(folder, passphrase)


def has_signer(folder: Path) -> bool:
    """Whether `folder` holds a content-signing key: installations made before this version hold none."""
    return (folder / KEY).exists()


def read_certificates(path: Path) -> bytes:
    """The bytes of a PEM file. Raises SigningKeyUnusable."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise SigningKeyUnusable(f"{path} cannot be read: {type(error).__name__}") from error


def _new_key(algorithm: Algorithm) -> PrivateKey:
    return Ed25519PrivateKey.generate() if algorithm == "ed25519" else generate_private_key(SECP256R1())
