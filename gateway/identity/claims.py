"""From the claims of a verified token to a principal: pure, and the same for every token of an issuer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from gateway.errors import Unauthenticated
from gateway.flow import Principal
from gateway.purposes import GROUND, PURPOSE
from gateway.settings import Application, Issuer

CLAIM = "claim:"
COUNTRY = re.compile(r"[A-Z]{2}")
USER = re.compile(r"[^\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff\ufeff]{1,128}")
"""Nothing that cannot be seen, or that turns around what stands beside it where records are read."""
REGION = re.compile(r"[A-Za-z0-9 ._-]{0,64}")


def principal_of(
    claims: Mapping[str, Any], issuer: Issuer, applications: Mapping[str, Application]
) -> tuple[Principal, Application]:
    """Raises Unauthenticated, naming the claim that is missing or cannot be used, never its value."""
    named = _text(claims, issuer.application, "application")
    application = applications.get(issuer.application_names.get(named, named))
    if application is None:
        raise Unauthenticated("the token's application is not known here")
    if issuer.tenant and _text(claims, issuer.tenant, "tenant") != application.tenant:
        raise Unauthenticated("the token's tenant is not that of its application")
    user = _text(claims, issuer.user, "user")
    country = _text(claims, issuer.country, "country")
    region = _text(claims, issuer.region, "region")
    purpose = _text(claims, issuer.purpose, "purpose") or application.purpose
    if not USER.fullmatch(user):
        raise Unauthenticated("the token's user has no name of 1 to 128 printable characters")
    if not COUNTRY.fullmatch(country):
        raise Unauthenticated("the token's country is not two capital letters (ISO 3166-1)")
    if not REGION.fullmatch(region):
        raise Unauthenticated("the token's region is not a name of at most 64 characters")
    if purpose and purpose != application.purpose and not _may(purpose, application):
        raise Unauthenticated("the token's purpose is none that its application may name")
    key_id = hashlib.sha256(f"{issuer.issuer}\0{application.name}\0{user}".encode()).hexdigest()[:16]
    who = Principal(
        tenant=application.tenant,
        application=application.name,
        audience=application.audience,
        user=user,
        purpose=purpose,
        country=country,
        region=region,
        key_id=key_id,
    )
    return who, application


def _may(purpose: str, application: Application) -> bool:
    return bool(PURPOSE.fullmatch(purpose)) and (not purpose.endswith(GROUND) or purpose in application.purposes)


def _text(claims: Mapping[str, Any], source: str, what: str) -> str:
    """The value behind `claim:NAME`, or the constant itself."""
    if not source.startswith(CLAIM):
        return source
    value: Any = claims
    named = source.removeprefix(CLAIM)
    for name in (
        [named] if "://" in named else named.split(".")
    ):  # the name of a claim may be a URI, with dots of its own
        value = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(value, str) or not value:
        raise Unauthenticated(f"the token does not say its {what}")
    return value
