"""Private keys in files: 0600, never overwritten, sealed with scrypt and AES-256-GCM where there is a passphrase.

The same envelope as the log's own keys; an operator's own key may also be PEM (PKCS#8, encrypted or not).
"""

from __future__ import annotations

import base64
import binascii
import os
import threading
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

from watermark.errors import SigningKeyUnusable

PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey
"""P-256 (ES256) or Ed25519: what C2PA signatures of this product are made with."""

_FORMAT = "lexgate-key/1"
_SCRYPT_N = 1 << 15  # RFC 7914 cost: about 100 ms, 32 MiB
_LARGEST_COST = 1 << 20


def write_key(path: Path, kind: str, key: PrivateKey, passphrase: str = "") -> None:
    """A new file; SigningKeyUnusable when there is one already."""
    secret = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    document: dict[str, object] = {"format": _FORMAT, "kind": kind, "protection": "none", "key": _b64(secret)}
    if passphrase:
        salt, nonce = os.urandom(16), os.urandom(12)
        sealed = AESGCM(_stretch(passphrase, salt, _SCRYPT_N)).encrypt(nonce, secret, kind.encode())
        document |= {"protection": "scrypt", "n": _SCRYPT_N, "salt": _b64(salt), "nonce": _b64(nonce)}
        document["key"] = _b64(sealed)
    write_private(path, orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def read_key(path: Path, kind: str, passphrase: str = "") -> PrivateKey:
    """The key of a file of ours, or of a PEM file. Raises SigningKeyUnusable."""
    try:
        data = path.read_bytes()
        if data.lstrip().startswith(b"-----BEGIN"):
            return _fit(load_pem_private_key(data, passphrase.encode() if passphrase else None), path)
        return _fit(load_der_private_key(_unseal(orjson.loads(data), kind, passphrase, path), None), path)
    except FileNotFoundError as error:
        raise SigningKeyUnusable(f"{path} is missing") from error
    except InvalidTag as error:
        raise SigningKeyUnusable(f"{path}: wrong passphrase, or the file is damaged") from error
    except (OSError, ValueError, KeyError, TypeError, binascii.Error, UnsupportedAlgorithm) as error:
        raise SigningKeyUnusable(f"{path} cannot be read: {type(error).__name__}") from error


def write_private(path: Path, data: bytes) -> None:
    """A new file that only its owner may read: there whole, and on disk, or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    handle = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError as error:
        raise SigningKeyUnusable(f"{path} exists already; keys are never overwritten") from error
    finally:
        draft.unlink(missing_ok=True)


def _unseal(document: dict[str, str], kind: str, passphrase: str, path: Path) -> bytes:
    if document["format"] != _FORMAT or document["kind"] != kind:
        raise SigningKeyUnusable(f"{path} is not a {kind} key of this format")
    key = base64.b64decode(document["key"], validate=True)
    if document["protection"] != "scrypt":
        return key
    if not passphrase:
        raise SigningKeyUnusable(f"{path} needs a passphrase")
    cost = int(document["n"])
    if not 2 <= cost <= _LARGEST_COST:
        raise SigningKeyUnusable(f"{path} asks for an impossible amount of work to open it")
    nonce, salt = base64.b64decode(document["nonce"]), base64.b64decode(document["salt"])
    return AESGCM(_stretch(passphrase, salt, cost)).decrypt(nonce, key, kind.encode())


def _fit(key: object, path: Path) -> PrivateKey:
    if isinstance(key, Ed25519PrivateKey):
        return key
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
        return key
    raise SigningKeyUnusable(f"{path} holds neither a P-256 nor an Ed25519 key")


def _stretch(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase.encode())


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
