"""How c2pa-rs is called: with our settings, off the network, and with its errors mapped to ours.

c2pa-rs is asked to fetch nothing: no remote manifests, no OCSP. Thumbnails are off: they cost a second and 145 KB a
picture (measured), and show content.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from watermark.certificates import SIGNING_USAGES, checked_anchors
from watermark.errors import MarkingFailed

_TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_SETTINGS: dict[str, Any] = {
    "builder": {"thumbnail": {"enabled": False}, "generate_c2pa_archive": False},
    "verify": {
        "remote_manifest_fetch": False,
        "ocsp_fetch": False,
        "verify_after_sign": False,
        "verify_trust": True,
        "verify_timestamp_trust": True,
    },
}


def library() -> Any:
    """The c2pa package, imported when first needed (20 MB of native code). Raises MarkingFailed when not installed."""
    try:
        import c2pa
    except ImportError as error:
        raise MarkingFailed("C2PA needs `pip install lexgate[media]` (c2pa-python)") from error
    return c2pa


def context(anchors: bytes = b"") -> Any:
    """A c2pa context that trusts `anchors` (PEM; also for time-stamp authorities) and nobody else. Raises BadTrustAnchors."""
    c2pa = library()
    usages = [usage.dotted_string for usage in SIGNING_USAGES] + [_TIME_STAMPING]
    trust = {"trust_config": "\n".join(usages)}
    if trusted := checked_anchors(anchors):
        trust["trust_anchors"] = trusted
    return c2pa.Context(settings=c2pa.Settings.from_dict(_SETTINGS | {"trust": trust}))


def document(reader: Any) -> Mapping[str, Any]:
    """The reader's report."""
    found: dict[str, Any] = json.loads(reader.json())
    return found
