"""What the gateway asks of tokens. Without issuers there are none, and nothing that verifies them is loaded."""

from __future__ import annotations

from typing import Protocol

from gateway.errors import Unauthenticated
from gateway.identity.directory import Entry

NOT_VALID = "the token is not valid: present a Lexgate key or a token of a configured issuer"


class TokenVerifier(Protocol):
    """Tokens of one configuration in one worker: `NoTokens`, or `gateway.identity.tokens.Tokens`."""

    def start(self) -> None: ...

    def close(self) -> None: ...

    def known(self, token: bytes) -> Entry | None:
        """Whom a token stands for that was verified before and still holds."""
        ...

    async def verify(self, token: bytes) -> Entry:
        """Whom a token stands for. Raises Unauthenticated, or Unavailable while the issuer's keys cannot be had."""
        ...


class NoTokens:
    """No issuer is configured: no token stands for anybody."""

    def start(self) -> None:
        pass

    def close(self) -> None:
        pass

    def known(self, token: bytes) -> Entry | None:
        return None

    async def verify(self, token: bytes) -> Entry:
        raise Unauthenticated(NOT_VALID)


def looks_like_token(key: bytes) -> bool:
    """Whether this can only be a token: three parts of base64url, the first an object."""
    return key.startswith(b"eyJ") and key.count(b".") == 2
