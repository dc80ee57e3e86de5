"""From what stands in a call to a file's bytes: Base64 in any of its writings, or a data URL."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from gateway.extraction.gathered import Unreadable

_DATA_URL = re.compile(r"\s*data:(?P<type>[a-z]+/[a-z0-9.*+-]+)?(?P<more>(?:;[^,\s]*)?),", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")


def bytes_of(data: str, media_type: str = "") -> tuple[bytes, str]:
    """(content, media type); a data URL's own word counts. Raises Unreadable for what is no code at all."""
    url = _DATA_URL.match(data)
    if url is not None:
        media_type = (url["type"] or media_type).lower()
        data = data[url.end() :]
        if ";base64" not in url["more"].lower():
            return unquote_to_bytes(data), media_type
        data = unquote_to_bytes(data).decode("latin-1") if "%" in data else data
    code = _BLANKS.sub("", data).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(code + "=" * (-len(code) % 4), validate=True), media_type
    except (binascii.Error, ValueError):
        raise Unreadable("not Base64") from None
