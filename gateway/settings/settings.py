"""The whole of lexgate.yaml, and what must agree between its parts."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from gateway.settings.callers import Application, Certificate, Issuer, Limits, Operator, Principal
from gateway.settings.content import ContentVerification, Inspection, Labels, Marking
from gateway.settings.house import Keys, Listen, Metering, Organisation, Policies, Retention, Telemetry, Tls, Transfer
from gateway.settings.providers import CircuitBreaker, Provider, Retries, Timeouts, UpstreamLibrary
from gateway.settings.section import Section, is_loopback
from watermark.errors import UnknownProfile
from watermark.profile import named as profile_named


class Settings(Section):
    """The whole of lexgate.yaml."""

    listen: Listen = Listen()
    tls: Tls = Tls()
    production: bool = Field(False, description="demand a passphrase for the key files, and TLS off loopback")
    store: str = Field("sqlite:///./lexgate.db", description="where records live")
    run_dir: str = Field("./run", description="sockets and state of the running processes")
    keys: Keys = Keys()
    workers: int = Field(1, ge=1, le=64, description="data workers")
    organisation: Organisation = Organisation()
    origin: str = Field("", description="name of the log in its checkpoints; empty: lexgate/<organisation>")
    providers: tuple[Provider, ...] = ()
    policies: Policies = Policies()
    applications: tuple[Application, ...] = ()
    principals: tuple[Principal, ...] = ()
    issuers: tuple[Issuer, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    operators: tuple[Operator, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    limits: Limits = Limits()
    timeouts: Timeouts = Timeouts()
    retries: Retries = Retries()
    breaker: CircuitBreaker = CircuitBreaker()
    upstream: UpstreamLibrary = Field(
        "http1", description="client to providers: our own, or aiohttp at more CPU a call"
    )
    retention: Retention = Retention()
    labels: Labels = Labels()
    verification: ContentVerification = ContentVerification()
    marking: Marking = Marking()
    metering: Metering = Metering()
    telemetry: Telemetry = Telemetry()
    inspection: Inspection = Inspection()

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        if not self.store.startswith("sqlite:///"):
            raise ValueError("store: this version keeps records in SQLite: sqlite:///PATH")
        _unique("providers", [provider.name for provider in self.providers])
        _unique("applications", [application.name for application in self.applications])
        _unique("principals", [principal.key_sha256 for principal in self.principals])
        _unique("issuers", [issuer.issuer for issuer in self.issuers])
        _unique("certificates", [certificate.subject for certificate in self.certificates])
        _unique("operators", [operator.key_sha256 for operator in self.operators])
        if self.labels.profile != "auto":
            try:
                profile_named(self.labels.profile)
            except UnknownProfile:
                raise ValueError(f"labels.profile: there is no profile {self.labels.profile!r}") from None
        if self.production:
            _fit_for_production(self)
        known = {application.name for application in self.applications}
        for principal in self.principals:
            if principal.application not in known:
                raise ValueError(f"principals: application {principal.application!r} is not listed in applications")
        for certificate in self.certificates:
            if certificate.application not in known:
                raise ValueError(f"certificates: application {certificate.application!r} is not listed in applications")
        if self.certificates and not self.tls.client_ca:
            raise ValueError("certificates: callers show one only when tls.client_ca is set")
        for issuer in self.issuers:
            named = {*issuer.application_names.values(), issuer.application} - {""}
            if absent := sorted(name for name in named if not name.startswith("claim:") and name not in known):
                raise ValueError(f"issuers: application {absent[0]!r} is not listed in applications")
        return self

    @cached_property
    def several_tenants(self) -> bool:
        """Whether the gateway serves more than one tenant."""
        return len({application.tenant for application in self.applications}) > 1

    @property
    def store_path(self) -> Path:
        return Path(self.store.removeprefix("sqlite:///"))

    @property
    def issued_keys_path(self) -> Path:
        return Path(self.keys.issued) if self.keys.issued else self.store_path.parent / "issued-keys.json"

    @property
    def registered_path(self) -> Path:
        folder = self.inspection.registered
        return Path(folder) if folder else self.store_path.parent / "registered"

    @property
    def keys_dir(self) -> Path:
        return Path(self.keys.file)

    @property
    def key_passphrase(self) -> str:
        from gateway.configuration.secrets import resolve

        return resolve(self.keys.passphrase) if self.keys.passphrase else ""

    @property
    def run_path(self) -> Path:
        return Path(self.run_dir)

    @property
    def log_origin(self) -> str:
        slug = re.sub(r"[^a-z0-9]+", "-", self.organisation.name.lower()).strip("-") or "organisation"
        return self.origin or f"lexgate/{slug}"


def _fit_for_production(settings: Settings) -> None:
    if not settings.keys.passphrase:
        raise ValueError("production: keys.passphrase must refer to the passphrase of the key files")
    for name in ("data", "control"):
        host = getattr(settings.listen, name).rpartition(":")[0].strip("[]")
        if not is_loopback(host) and not settings.tls.certificate:
            raise ValueError(f"production: listen.{name} is off loopback, so tls.certificate and tls.key are needed")
    for provider in settings.providers:
        host = urlsplit(provider.base_url).hostname or ""
        if provider.base_url.startswith("http:") and not is_loopback(host):
            raise ValueError(f"production: provider {provider.name} off loopback needs https")


def _unique(what: str, values: list[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{what}: {value!r} is listed twice")
        seen.add(value)
