"""The content-signing key of one installation, beside the log's keys; the default behind the `Signer` port.

    keys/content-signing.key   P-256 or Ed25519; signs C2PA manifests
    keys/content-chain.pem     its certificate
    keys/content-root.key      signed that certificate, and will sign its successor
    keys/content-root.pem      the trust anchor to give to those who verify

An operator with a certificate of its own names key and chain instead; a key that lives in an HSM or KMS is any other
object with the three members of `watermark.marking.Signer`.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
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


RENEW_BEFORE = timedelta(days=180)
"""How long before its end a certificate of ours is renewed."""


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
        """Make a root and a leaf in `folder`; SigningKeyUnusable when there is a key already."""
        with _locked(folder):
            if has_signer(folder):
                raise SigningKeyUnusable(f"{folder} already holds a content-signing key; it is never overwritten")
            _make(folder, organisation, passphrase, algorithm)
        return cls.open(folder, passphrase)

    @classmethod
    def ensure(cls, folder: Path, organisation: str, passphrase: str = "") -> ContentSigner:
        """The signer of `folder`, made now if there is none, its certificate renewed in its last months.

        Processes that start together get the same one. Raises SigningKeyUnusable.
        """
        with _locked(folder):
            if not has_signer(folder):
                _make(folder, organisation, passphrase, "es256")
            elif (folder / ROOT_KEY).exists() and expires(folder / CHAIN) - datetime.now(UTC) < RENEW_BEFORE:
                _renew(folder, passphrase)
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
    with _locked(folder):
        _renew(folder, passphrase)
    return ContentSigner.open(folder, passphrase)


def expires(chain: Path) -> datetime:
    """When the first certificate of a chain ends: from then on nothing can be signed. Raises SigningKeyUnusable."""
    try:
        return x509.load_pem_x509_certificate(read_certificates(chain)).not_valid_after_utc
    except ValueError as error:
        raise SigningKeyUnusable(f"{chain} holds no certificate") from error


def _renew(folder: Path, passphrase: str) -> None:
    root_key = read_key(folder / ROOT_KEY, "content-root", passphrase)
    key = read_key(folder / KEY, "content-signing", passphrase)
    root = x509.load_pem_x509_certificate(read_certificates(folder / ROOT))
    _replace(folder / CHAIN, pem(make_leaf(key, root, root_key, datetime.now(UTC))))


def _make(folder: Path, organisation: str, passphrase: str, algorithm: Algorithm) -> None:
    """The signing key comes last: whoever sees it finds the rest. A root that a crash left behind is used."""
    now = datetime.now(UTC)
    if (folder / ROOT_KEY).exists():
        root_key = read_key(folder / ROOT_KEY, "content-root", passphrase)
    else:
        root_key = _new_key(algorithm)
        write_key(folder / ROOT_KEY, "content-root", root_key, passphrase)
    if not (folder / ROOT).exists():
        _replace(folder / ROOT, pem(make_root(root_key, organisation, now)))
    root = x509.load_pem_x509_certificate(read_certificates(folder / ROOT))
    key = _new_key(algorithm)
    _replace(folder / CHAIN, pem(make_leaf(key, root, root_key, now)))
    write_key(folder / KEY, "content-signing", key, passphrase)


def _replace(path: Path, data: bytes) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    write_private(fresh, data)
    fresh.replace(path)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time makes keys in a folder."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / ".content.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


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
