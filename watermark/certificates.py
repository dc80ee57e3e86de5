"""Certificates for content signing: a root of the operator's own and, under it, the leaf that signs manifests.

What C2PA asks of them: C2PA 2.x, "Certificate Profile" (X.509 v3; the leaf with digitalSignature as its critical key
usage, an extended key usage for signing, no CA; subject and authority key identifiers; an organisation in the subject).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from watermark.errors import BadTrustAnchors, SigningKeyUnusable
from watermark.key_file import PrivateKey

SIGNING_USAGES = (
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
    ObjectIdentifier("1.3.6.1.5.5.7.3.36"),  # id-kp-documentSigning
    ObjectIdentifier("1.3.6.1.4.1.62558.2.1"),  # C2PA claim signing
)
"""Extended key usages under which a C2PA signer is accepted. Ours is the first: every validator tried knows it."""

_ROOT_YEARS, _LEAF_YEARS = 20, 2
_CLOCK_SKEW = timedelta(hours=1)


def make_root(key: PrivateKey, organisation: str, now: datetime) -> x509.Certificate:
    """A self-signed certificate that may sign leaves, and nothing else."""
    name = _name("Lexgate content root", organisation)
    builder = _begin(name, name, key, now, _ROOT_YEARS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    return builder.sign(key, _hash(key))


def make_leaf(key: PrivateKey, root: x509.Certificate, root_key: PrivateKey, now: datetime) -> x509.Certificate:
    """The certificate of a content-signing key."""
    organisation = root.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    name = _name("Lexgate content signing", str(organisation))
    builder = _begin(name, root.subject, key, now, _LEAF_YEARS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(digital_signature=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([SIGNING_USAGES[0]]), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    return builder.add_extension(issuer, critical=False).sign(root_key, _hash(root_key))


def check_chain(chain: bytes, key: PrivateKey, now: datetime | None = None) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM chain, leaf first. Raises SigningKeyUnusable, saying what C2PA would refuse in it."""
    try:
        certificates = tuple(x509.load_pem_x509_certificates(chain))
        leaf = certificates[0]
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        extended = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (ValueError, IndexError) as error:
        raise SigningKeyUnusable("the certificate chain is not PEM, or empty") from error
    except x509.ExtensionNotFound as error:
        raise SigningKeyUnusable("the signing certificate names no (extended) key usage") from error
    moment = now or datetime.now(UTC)
    checks = (
        (_public(leaf.public_key()) == _public(key.public_key()), "does not belong to the key"),
        (usage.digital_signature, "may not make digital signatures"),
        (any(one in SIGNING_USAGES for one in extended), "has no extended key usage that C2PA accepts"),
        (leaf.subject != leaf.issuer, "is self-signed; C2PA asks for a leaf under a root"),
        (leaf.not_valid_before_utc <= moment < leaf.not_valid_after_utc, "is not valid now"),
    )
    for holds, fault in checks:
        if not holds:
            raise SigningKeyUnusable(f"the signing certificate {fault}")
    return certificates


@lru_cache(maxsize=16)
def checked_anchors(anchors: bytes) -> str:
    """Trust anchors as the text that validators take, "" for none. Raises BadTrustAnchors."""
    if not anchors.strip():
        return ""
    try:
        return b"".join(map(pem, x509.load_pem_x509_certificates(anchors))).decode()
    except ValueError as error:
        raise BadTrustAnchors("the trust anchors are not certificates in PEM") from error


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _public(key: object) -> bytes:
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return encoded


def _name(common: str, organisation: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _begin(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, now: datetime, years: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=365 * years))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _hash(key: PrivateKey) -> SHA256 | None:
    return None if isinstance(key, Ed25519PrivateKey) else SHA256()
