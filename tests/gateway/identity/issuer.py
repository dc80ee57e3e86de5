"""An issuer of tokens for tests: real keys, real signatures, a JWK set."""

from __future__ import annotations

import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.settings import Settings

ISSUER = "https://login.example.org/"
AUDIENCE = "lexgate"
_MADE: dict[str, Any] = {}


def key(name: str, algorithm: str = "RS256", **more: str) -> Any:
    """A key pair with this id; the same one each time, because RSA keys take their time."""
    if name not in _MADE:
        parameters = {"kid": name, "use": "sig", **more}
        if algorithm[:2] in {"RS", "PS"}:
            _MADE[name] = RSAKey.generate_key(2048, parameters)
        elif algorithm == "EdDSA":
            _MADE[name] = OKPKey.generate_key("Ed25519", parameters)
        else:
            _MADE[name] = ECKey.generate_key(
                {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}[algorithm], parameters
            )
    return _MADE[name]


def jwks(*keys: Any) -> dict[str, Any]:
    """The public halves."""
    return {"keys": [each.as_dict(private=False) for each in keys]}


def claims(**more: Any) -> dict[str, Any]:
    """Good claims; `name=None` leaves one out."""
    now = int(time.time())
    good = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "li.wei", "azp": "crm", "country": "DE", "org": "acme",
        "iat": now, "nbf": now, "exp": now + 600,
    }  # fmt: skip
    return {name: value for name, value in (good | more).items() if value is not None}


def token(pair: Any, algorithm: str = "RS256", header: dict[str, Any] | None = None, **more: Any) -> str:
    """A signed token with good claims but for these."""
    head = {"alg": algorithm, "kid": pair.kid} | (header or {})
    head = {name: value for name, value in head.items() if value is not None}
    return jwt.encode(head, claims(**more), pair, algorithms=[algorithm])


def settings(**issuer: Any) -> Settings:
    """Two tenants, and this issuer."""
    source = {} if "jwks_url" in issuer else {"jwks_file": "absent.json"}
    return Settings.model_validate(
        {
            "applications": [
                {"name": "crm", "tenant": "acme", "purpose": "support", "purposes": ["contract_performance_necessary"]},
                {"name": "shop", "tenant": "globex"},
            ],
            "issuers": [{"issuer": ISSUER, "audiences": [AUDIENCE], "country": "claim:country"} | source | issuer],
        }
    )
