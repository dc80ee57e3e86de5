"""Exact digests under a tenant's key: of bytes, and of texts whatever carried them.

Whoever does not have the key can neither test a guess nor link two tenants' content.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from hashlib import blake2b
from typing import Any

from watermark.characters import characters

_native: Any
try:
    _native = importlib.import_module("watermark._fingerprint")
except ImportError:  # no compiler was there when this was installed
    _native = None

DIGEST_BYTES = 32
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]+")


def exact_bytes(data: bytes, key: bytes) -> str:
    """The digest of a file, hex. `key`: 16 to 64 bytes."""
    return blake2b(data, key=key, digest_size=DIGEST_BYTES, person=b"lexgate file").hexdigest()


def exact_text(text: str, key: bytes) -> str:
    """The digest of a text, hex; empty for one without content.

    Line ends, white space around it, composition (NFC) and invisible characters do not matter: editors, clipboards and
    the text manifest (C2PA A.8) change those.
    """
    if not (_native is not None and _native.plain(text, characters().plain)):
        text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).replace("\r\n", "\n").replace("\r", "\n")
    data = text.strip().encode("utf-8", "replace")
    return blake2b(data, key=key, digest_size=DIGEST_BYTES, person=b"lexgate text").hexdigest() if data else ""
