"""Who calls: applications, keys, certificates, issuers of tokens, operators, and what each may ask for."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from gateway.settings.section import Country, Name, Section, Sha256Hex, is_loopback


class Application(Section):
    """An application of a tenant."""

    name: Name
    tenant: Name = Field(description="tenants never learn anything of one another")
    audience: Literal["internal", "public"] = Field("internal", description="public: answers get an explicit label")
    purpose: str = Field("", max_length=64, description="why it calls; a caller may say otherwise by Lexgate-Purpose")
    purposes: tuple[str, ...] = Field((), description="legal grounds that its callers may name (contract_…_necessary)")
    outbound_tools: tuple[str, ...] = Field(
        (), description="tools that send data out: their arguments are not restored"
    )
    label_off: bool = Field(
        False,
        description="its callers may ask for answers without explicit label (Lexgate-Label: none); each is recorded",
    )


class Principal(Section):
    """A caller's key, as its hash."""

    key_sha256: Sha256Hex
    application: Name
    user: str = Field(min_length=1, max_length=128)
    country: Country = Field(description="where this caller sends from (ISO 3166-1)")
    region: str = Field("", max_length=64, description="part of the country with a law of its own, e.g. QC for Quebec")


def _claim_or_constant(value: str) -> str:
    if value.startswith("claim:") and not re.fullmatch(r"claim:[^.\s]{1,256}(\.[^.\s]{1,256}){0,7}", value):
        raise ValueError("a claim is claim:NAME, or claim:NAME.NAME for a member of an object")
    return value


ClaimOrConstant = Annotated[str, Field(max_length=1024), AfterValidator(_claim_or_constant)]
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""Signatures with public keys only: with a shared secret (HS256) whoever can verify a token could make one."""


class Issuer(Section):
    """An issuer of signed tokens (OIDC, JWT) that callers may present, and how claims become a principal."""

    issuer: str = Field(min_length=1, max_length=1024, description="what `iss` must say, exactly")
    audiences: tuple[str, ...] = Field(min_length=1, description="`aud` must name one of these")
    jwks_url: str = Field(
        "", pattern=r"^(https?://[^\s/]+(/\S*)?)?$", description="where its public keys are; http only on loopback"
    )
    jwks_file: str = Field("", description="a file with its public keys instead; a replaced one takes effect at once")
    ca: str = Field("", description="PEM file: trust only this authority for the certificate of jwks_url")
    algorithms: tuple[Algorithm, ...] = Field(
        ("RS256", "ES256", "EdDSA"), min_length=1, description="which it signs with"
    )
    leeway_seconds: int = Field(30, ge=0, le=600, description="how far its clock and ours may differ")
    longest_seconds: int = Field(
        86_400, ge=1, description="a token that holds for longer than this from now is refused"
    )
    refresh_seconds: float = Field(600.0, gt=0, description="how often the keys are read again")
    refetch_seconds: float = Field(
        30.0, gt=0, description="least time between two readings for a key id that is not known"
    )
    stale_seconds: float = Field(
        86_400.0, gt=0, description="how long keys are used that cannot be read again; then tokens are refused"
    )
    application: ClaimOrConstant = Field("claim:azp", description="claim:NAME or an application's name")
    application_names: dict[str, str] = Field(
        {}, description="application by the claim's value, where that is not its name"
    )
    tenant: ClaimOrConstant = Field(
        "", description="claim:NAME that must name the application's tenant; empty: not asked"
    )
    user: ClaimOrConstant = Field("claim:sub", description="claim:NAME or a constant")
    country: ClaimOrConstant = Field(description="claim:NAME or a country (ISO 3166-1): where the caller sends from")
    region: ClaimOrConstant = Field("", description="claim:NAME or a constant")
    purpose: ClaimOrConstant = Field("", description="claim:NAME or a constant; empty: the application's")

    @model_validator(mode="after")
    def _one_source(self) -> Issuer:
        if bool(self.jwks_url) == bool(self.jwks_file):
            raise ValueError("an issuer has a jwks_url or a jwks_file")
        host = urlsplit(self.jwks_url).hostname or ""
        if self.jwks_url.startswith("http:") and not is_loopback(host):
            raise ValueError("jwks_url needs https: whoever can change the keys can be anybody")
        return self


class Certificate(Section):
    """A caller known by its client certificate (tls.client_ca) where it presents no key."""

    subject: str = Field(
        pattern=r"^(URI|DNS|email|CN):\S.*$",
        description="URI:spiffe://…, DNS:…, email:… of the subject's alternative names, or CN:… of the subject",
    )
    application: Name = Field(description="an application of `applications`")
    user: str = Field(min_length=1, max_length=128, description="how records and policies call it")
    country: Country = Field(description="where this caller sends from (ISO 3166-1)")
    region: str = Field("", max_length=64, description="part of the country with a law of its own, e.g. QC for Quebec")


Role = Literal["operator", "security", "compliance", "auditor", "approver"]


class Operator(Section):
    """Somebody who uses the control plane."""

    key_sha256: Sha256Hex
    name: Name
    roles: tuple[Role, ...] = Field(min_length=1)
    tenants: tuple[str, ...] = Field(("*",), description="tenants whose records this operator sees")


class Limits(Section):
    """What one caller may ask for."""

    body_bytes: int = Field(33_554_432, ge=1024, description="largest request body")
    answer_bytes: int = Field(67_108_864, ge=1024, description="largest whole (not streamed) answer")
    header_bytes: int = Field(65_536, ge=1024, description="all header fields of a request together")
    header_count: int = Field(128, ge=8, description="header fields of a request")
    header_seconds: float = Field(10.0, gt=0, description="from the first byte of a request to the end of its headers")
    body_seconds: float = Field(60.0, gt=0, description="for a request body to arrive whole")
    calls_per_minute: int = Field(600, ge=1, description="per principal")
    concurrent: int = Field(64, ge=1, description="calls of one principal at once")
    tenant_calls_per_minute: int = Field(6000, ge=1, description="per tenant")
    tenant_concurrent: int = Field(512, ge=1, description="calls of one tenant at once")
