"""Whom a call comes from: an issued or configured key, an issuer's signed token, or a client certificate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.errors import Unauthenticated
from gateway.identity.certificates import names_of
from gateway.identity.directory import Entry, presented_key
from gateway.identity.port import looks_like_token

if TYPE_CHECKING:
    from gateway.services import Services

STRANGER = "no such key: present a Lexgate key where the provider's would go"


async def identify(headers: Mapping[bytes, bytes], connection: Any, services: Services) -> Entry:
    """The principal of a call. A key or token that is presented counts alone; a certificate counts without one.

    Raises Unauthenticated, or Unavailable while the keys of a token's issuer cannot be had.
    """
    key = presented_key(headers)
    entry = services.directory.find(key)
    if entry is None and looks_like_token(key):
        entry = services.tokens.known(key) or await services.tokens.verify(key)
    if entry is None and not key and services.settings.certificates:
        entry = services.directory.certified(names_of(connection))
    if entry is None:
        raise Unauthenticated(STRANGER)
    return entry
