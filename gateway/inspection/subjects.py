"""Who is counted: from a finding to the data subject it stands for, and the classes of data it belongs to.

A stated upper bound: each strong identifier counts as one person, a bare name too; a name, a phone number and an ID of
one person count as three. Companies, secrets, dates and places identify nobody.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

PERSONAL = frozenset(
    {
        "PERSON", "EMAIL", "PHONE", "ADDRESS", "DATE_OF_BIRTH", "CN_ID", "US_SSN", "NATIONAL_ID", "PASSPORT",
        "DRIVER_LICENSE", "TAX_ID", "CREDIT_CARD", "BANK_ACCOUNT", "IBAN", "LICENSE_PLATE", "VIN", "MEDICAL_ID",
        "USERNAME", "IP_ADDRESS", "MAC_ADDRESS", "CRYPTO", "COORDINATES", "AGE",
    }
)  # fmt: skip
"""Labels whose values are personal data."""

SECRETS = frozenset({"API_KEY", "PASSWORD", "JWT", "PRIVATE_KEY", "CONNECTION_STRING"})
"""Labels whose values open something; they identify nobody and leave nowhere."""

GOVERNMENT_IDS = frozenset({"CN_ID", "US_SSN", "NATIONAL_ID", "PASSPORT", "DRIVER_LICENSE", "TAX_ID"})
FINANCIAL = frozenset({"CREDIT_CARD", "BANK_ACCOUNT", "IBAN", "CRYPTO"})
HEALTH = frozenset({"MEDICAL_ID"})
GEO = frozenset({"COORDINATES"})

REGISTERED = frozenset({"REGISTERED_VALUE", "REGISTERED_DOCUMENT", "REGISTERED_TERM"})
"""Labels of what an organisation registered itself: cells of its tables, passages of its documents, its own words."""

IDENTIFYING = PERSONAL - {"DATE_OF_BIRTH", "AGE"}
"""Labels whose value alone can stand for one person."""

CLASSES = ("pi", "spi", "health", "financial", "geo", "biometric", "identifier", "genomic", "omic")
"""The classes policies count. Nothing here detects biometric, genomic or 'omic data in text yet: they stay empty."""

_NOT_ALNUM = re.compile(r"[\W_]+")


def classes_of(label: str, *, strict: bool = True) -> frozenset[str]:
    """The classes a finding of this label counts in; empty for what is not personal.

    `strict` (default) counts a bare government ID number as sensitive, as GB/T 35273-2020 annex B did; GB/T 45574-2025
    no longer lists it. `identifier` is the listed identifiers of 28 CFR 202.234, without their condition of occurring
    together: an upper bound.
    """
    if label not in PERSONAL:
        return frozenset()
    classes = {"pi"}
    if label in IDENTIFYING - GEO:
        classes.add("identifier")
    if label in FINANCIAL:
        classes |= {"spi", "financial"}
    if label in HEALTH:
        classes |= {"spi", "health"}
    if label in GEO:
        classes |= {"spi", "geo"}
    if strict and label in GOVERNMENT_IDS:
        classes.add("spi")
    return frozenset(classes)


def subject_key(key: bytes, tenant: str, label: str, value: str) -> str:
    """The keyed hash of the person a value stands for, 24 hex digits; "" when it identifies nobody.

    Writings of one value (spaces, case, country prefix of a phone) give one key. The key's holder can recognise a known
    value; nobody else can, and never across tenants.
    """
    if label not in IDENTIFYING:
        return ""
    digest = hashlib.blake2b(digest_size=12, key=hashlib.blake2b(key, digest_size=32).digest())
    for piece in (tenant, "PERSON" if label == "PERSON" else label, canonical(label, value)):
        content = piece.encode("utf-8", "surrogatepass")
        digest.update(len(content).to_bytes(4, "big") + content)
    return digest.hexdigest()


def canonical(label: str, value: str) -> str:
    """One writing for all writings of a value."""
    plain = unicodedata.normalize("NFKC", value).casefold()
    if label in {"EMAIL", "IP_ADDRESS", "USERNAME"}:
        return plain.strip()
    if label == "PERSON":
        return " ".join(plain.split())
    if label == "COORDINATES":
        return re.sub(r"[^\d.,\-]", "", plain)
    bare = _NOT_ALNUM.sub("", plain)
    if label == "PHONE":
        bare = re.sub(r"^(?:00)?86(?=1[3-9]\d{9}$)", "", bare)
        if "+1" in plain:  # without the plus, eleven digits from 1 are a Chinese mobile number
            bare = re.sub(r"^1(?=[2-9]\d{9}$)", "", bare)
    return bare
