"""The content-signing key: made once, sealed, fit for C2PA, refused where it is not."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption as Encrypted
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from watermark.certificates import make_leaf, make_root, pem
from watermark.errors import SigningKeyUnusable
from watermark.key_file import read_key
from watermark.signer import CHAIN, KEY, ROOT, ROOT_KEY, ContentSigner, expires, has_signer, renew


@pytest.mark.parametrize("algorithm", ["es256", "ed25519"])
def test_a_new_key_signs_and_its_certificate_verifies(tmp_path: Path, algorithm: str) -> None:
    signer = ContentSigner.create(tmp_path, "Example AG", algorithm=algorithm)
    (leaf,) = x509.load_pem_x509_certificates(signer.certificates)
    root = x509.load_pem_x509_certificate((tmp_path / ROOT).read_bytes())
    leaf.verify_directly_issued_by(root)
    signature = signer.sign(b"a claim")
    assert len(signature) == 64
    if algorithm == "es256":
        der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        leaf.public_key().verify(der, b"a claim", ECDSA(SHA256()))
    else:
        leaf.public_key().verify(signature, b"a claim")


def test_files_are_private_and_never_overwritten(tmp_path: Path) -> None:
    assert not has_signer(tmp_path)
    ContentSigner.create(tmp_path, "Example AG")
    assert has_signer(tmp_path)
    for name in (KEY, ROOT_KEY):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    before = (tmp_path / KEY).read_bytes()
    with pytest.raises(SigningKeyUnusable, match="never overwritten"):
        ContentSigner.create(tmp_path, "Example AG")
    assert (tmp_path / KEY).read_bytes() == before


def test_processes_that_start_together_make_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: ContentSigner.ensure(tmp_path, "Example AG").certificates, range(4)))
    assert len(set(made)) == 1


def test_a_crash_half_way_is_made_good(tmp_path: Path) -> None:
    first = ContentSigner.create(tmp_path / "whole", "Example AG")
    half = tmp_path / "half"
    half.mkdir()
    for name in (ROOT_KEY, ROOT):
        (half / name).write_bytes((tmp_path / "whole" / name).read_bytes())
    second = ContentSigner.ensure(half, "Example AG")
    assert second.certificates != first.certificates
    _leaf(second).verify_directly_issued_by(x509.load_pem_x509_certificate((half / ROOT).read_bytes()))


def test_a_passphrase_seals_both_keys(tmp_path: Path) -> None:
    signer = ContentSigner.create(tmp_path, "Example AG", "open sesame")
    secret = signer._key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert secret[-40:] not in (tmp_path / KEY).read_bytes()
    with pytest.raises(SigningKeyUnusable, match="needs a passphrase"):
        ContentSigner.open(tmp_path)
    with pytest.raises(SigningKeyUnusable, match="wrong passphrase"):
        ContentSigner.open(tmp_path, "sesame")
    assert ContentSigner.open(tmp_path, "open sesame").certificates == signer.certificates
    assert "open sesame" not in repr(signer)


def test_renewal_keeps_the_key_and_the_anchor(tmp_path: Path) -> None:
    first = ContentSigner.create(tmp_path, "Example AG", "p")
    anchor = (tmp_path / ROOT).read_bytes()
    second = renew(tmp_path, "p")
    assert second.certificates != first.certificates
    assert (tmp_path / ROOT).read_bytes() == anchor
    assert _leaf(second).public_key() == _leaf(first).public_key()


def test_a_certificate_in_its_last_months_or_ended_is_renewed_at_the_next_start(tmp_path: Path) -> None:
    first = ContentSigner.create(tmp_path, "Example AG", "p")
    assert ContentSigner.ensure(tmp_path, "Example AG", "p").certificates == first.certificates
    root_key = read_key(tmp_path / ROOT_KEY, "content-root", "p")
    root = x509.load_pem_x509_certificate((tmp_path / ROOT).read_bytes())
    for age in (600, 800):
        (tmp_path / CHAIN).write_bytes(
            pem(make_leaf(first._key, root, root_key, datetime.now(UTC) - timedelta(days=age)))
        )
        assert ContentSigner.ensure(tmp_path, "Example AG", "p").algorithm == "es256"
        assert expires(tmp_path / CHAIN) - datetime.now(UTC) > timedelta(days=700)


def test_an_operators_own_key_in_pem(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    root_key, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    root = make_root(root_key, "Own CA", now)
    own, chain = tmp_path / "own.pem", tmp_path / "chain.pem"
    own.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, Encrypted(b"pw")))
    chain.write_bytes(pem(make_leaf(key, root, root_key, now)) + pem(root))
    signer = ContentSigner.load(own, chain, "pw")
    assert len(x509.load_pem_x509_certificates(signer.certificates)) == 1, "the root stays out: validators hold it"
    with pytest.raises(SigningKeyUnusable):
        ContentSigner.load(own, chain, "other")


def test_what_c2pa_would_refuse_is_refused_at_the_start(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    root_key, key = generate_private_key(SECP256R1()), Ed25519PrivateKey.generate()
    root = make_root(root_key, "Own CA", now)
    leaf = make_leaf(key, root, root_key, now)
    cases = {
        "does not belong": (Ed25519PrivateKey.generate(), pem(leaf)),
        "may not make": (root_key, _with_usage(root)),
        "not valid now": (key, pem(make_leaf(key, root, root_key, now - timedelta(days=3000)))),
        "not PEM": (key, b"nothing"),
        "names no": (root_key, pem(root)),
    }
    for message, (held, chain) in cases.items():
        with pytest.raises(SigningKeyUnusable, match=message):
            ContentSigner(held, chain)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"]
)
def test_damaged_key_files(tmp_path: Path, content: bytes) -> None:
    ContentSigner.create(tmp_path, "Example AG")
    (tmp_path / KEY).write_bytes(content)
    with pytest.raises(SigningKeyUnusable):
        ContentSigner.open(tmp_path)


def test_a_key_of_another_curve(tmp_path: Path) -> None:
    key = generate_private_key(SECP384R1())
    (tmp_path / "k").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "c").write_bytes(b"")
    with pytest.raises(SigningKeyUnusable, match="neither"):
        ContentSigner.load(tmp_path / "k", tmp_path / "c")


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(SigningKeyUnusable, match="missing"):
        ContentSigner.open(tmp_path)
    ContentSigner.create(tmp_path, "Example AG")
    (tmp_path / CHAIN).unlink()
    with pytest.raises(SigningKeyUnusable, match="cannot be read"):
        ContentSigner.open(tmp_path)


def _leaf(signer: ContentSigner) -> x509.Certificate:
    return x509.load_pem_x509_certificates(signer.certificates)[0]


def _with_usage(root: x509.Certificate) -> bytes:
    """A certificate of the root's key that names usages, but none for signing."""
    key = generate_private_key(SECP256R1())
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(root.subject)
        .issuer_name(root.subject)
        .public_key(root.public_key())
        .serial_number(7)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(root.extensions.get_extension_for_class(x509.KeyUsage).value, critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    )
    return pem(builder.sign(key, SHA256()))
