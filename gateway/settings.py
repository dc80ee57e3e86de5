"""Every option of Lexgate, typed and documented. Read from lexgate.yaml, then overridden by LEXGATE_* variables.

`LEXGATE_LISTEN__DATA=0.0.0.0:8080` overrides `listen.data`. Unknown keys are errors; every error names file and line.
"""

from __future__ import annotations

import fnmatch
import re
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from watermark.errors import UnknownProfile
from watermark.profile import named


def _listen_address(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError("an address is HOST:PORT, e.g. 127.0.0.1:8080")
    return value


def _country(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", value):
        raise ValueError("a country is two capital letters (ISO 3166-1), e.g. DE")
    return value


def _sha256_hex(value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError("key_sha256 is the key's SHA-256 as 64 lower-case hex digits (`lexgate key new` prints one)")
    return value


def _secret_reference(value: str) -> str:
    scheme, _, rest = value.partition(":")
    if value and (scheme not in {"env", "file"} or not rest):
        raise ValueError("a secret is a reference, env:NAME or file:PATH, never the secret itself")
    return value


Address = Annotated[str, AfterValidator(_listen_address)]
Country = Annotated[str, AfterValidator(_country)]
Sha256Hex = Annotated[str, AfterValidator(_sha256_hex)]
SecretReference = Annotated[str, AfterValidator(_secret_reference)]
PathBeginning = Annotated[str, Field(pattern=r"^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$")]
Name = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@:-]*$")]


class Section(BaseModel):
    """A part of lexgate.yaml: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=4096)


class Listen(Section):
    """Where the two planes listen."""

    data: Address = Field("127.0.0.1:8080", description="data plane: the providers' APIs for your applications")
    control: Address = Field("127.0.0.1:8081", description="control plane: API and status page for operators")


class Tls(Section):
    """TLS of both listeners. `client_ca` turns on mutual TLS."""

    certificate: str = Field("", description="PEM file with the certificate chain; empty: plain HTTP")
    key: str = Field("", description="PEM file with the private key")
    client_ca: str = Field("", description="PEM file: only clients with a certificate of this authority may connect")

    @model_validator(mode="after")
    def _pair(self) -> Tls:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("tls.certificate and tls.key go together")
        if self.client_ca and not self.certificate:
            raise ValueError("tls.client_ca needs tls.certificate and tls.key")
        return self


class Keys(Section):
    """The key folder: log signing key, key-encryption key, and the root of all keyed hashes."""

    file: str = Field("./keys", description="folder of the key files (mode 0600)")
    passphrase: SecretReference = Field(
        "", description="reference to the passphrase of the key files, if they have one"
    )


class Organisation(Section):
    """Whose gateway this is: the exporter of record in cross-border rules."""

    name: str = Field("Example AG", description="legal name")
    country: Country = Field("DE", description="country of establishment (ISO 3166-1)")
    ciio: bool = Field(False, description="critical information infrastructure operator under Chinese law")
    hipaa: bool = Field(False, description="covered entity or business associate under HIPAA")


class Provider(Section):
    """One model provider and the facts that policy needs about it."""

    name: Name = Field(description="how records and rules call it")
    base_url: str = Field(pattern=r"^https?://[^\s/]+(/[^\s]*)?$", description="root of its API, without /v1")
    paths: dict[PathBeginning, PathBeginning] = Field(
        {}, description="beginnings of our paths that are others there, e.g. {/v1: /v4}; the longest that fits counts"
    )
    protocols: tuple[Literal["openai", "anthropic", "gemini"], ...] = Field(
        ("openai",), description="API families it speaks"
    )
    jurisdiction: Country = Field(description="where the tokens are processed (ISO 3166-1)")
    models: tuple[str, ...] = Field(
        ("*",), description="model name patterns; the first provider that matches gets the call"
    )
    secret: SecretReference = Field("", description="reference to its API key: env:NAME or file:PATH")
    ca: str = Field("", description="PEM file: trust only this authority for the provider's certificate")
    retention_days: int | None = Field(None, ge=0, description="how long it keeps calls, if its terms say so")
    training: bool | None = Field(None, description="whether its terms let it train on calls")
    certifications: tuple[str, ...] = Field((), description="e.g. [dpf]: what makes a transfer to it lawful by itself")
    covered_person: bool = Field(False, description="a covered person under 28 CFR 202.211, wherever it is")
    tokenizer: str = Field(
        "",
        description="for our own count: o200k, cl100k, deepseek, qwen, qwen3.5, none; empty: chosen by model name",
    )
    price_provider: str = Field("", description="provider id in the price book; empty: the provider's name")

    def path(self, ours: str) -> str:
        """A path of the data plane as it is called there."""
        fitting = [beginning for beginning in self.paths if ours == beginning or ours.startswith(f"{beginning}/")]
        if not fitting:
            return ours
        longest = max(fitting, key=len)
        return self.paths[longest] + ours[len(longest) :]

    def serves(self, family: str, model: str) -> bool:
        return family in self.protocols and any(fnmatch.fnmatchcase(model, pattern) for pattern in self.models)


class Policies(Section):
    """Which policy bundle decides."""

    bundle: str = Field("builtin:strict", description="builtin:strict, builtin:lawful, a folder, or a bundle file")


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


class Principal(Section):
    """A caller's key, as its hash."""

    key_sha256: Sha256Hex
    application: Name
    user: str = Field(min_length=1, max_length=128)
    country: Country = Field(description="where this caller sends from (ISO 3166-1)")
    region: str = Field("", max_length=64, description="part of the country with a law of its own, e.g. QC for Quebec")


Role = Literal["operator", "security", "compliance", "auditor", "approver"]


class Operator(Section):
    """Somebody who uses the control plane."""

    key_sha256: Sha256Hex
    name: Name
    roles: tuple[Role, ...] = Field(min_length=1)
    tenants: tuple[str, ...] = Field(("*",), description="tenants whose records this operator sees")


class Transfer(Section):
    """A transfer mechanism that a tenant has in place, e.g. a filed standard contract."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    tenant: Name
    mechanism: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="e.g. cn_standard_contract, eu_scc")
    from_: Country = Field(alias="from")
    to: tuple[str, ...] = Field(("*",), description="destinations it covers; * is all")
    valid_until: date | None = None


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


UpstreamLibrary = Literal["http1", "aiohttp"]


class Timeouts(Section):
    """Seconds."""

    inspect: float = Field(10.0, gt=0, description="for the inspection of one call; after it the call is refused")
    record: float = Field(10.0, gt=0, description="for a record to become durable; after it the call is refused")
    connect: float = Field(5.0, gt=0, description="to reach a provider")
    first_byte: float = Field(120.0, gt=0, description="for a provider to begin its answer")
    idle: float = Field(60.0, gt=0, description="between two chunks of an answer")
    total: float = Field(600.0, gt=0, description="for a whole call")
    drain: float = Field(30.0, gt=0, description="for running calls to end after SIGTERM")
    stall: float = Field(0.25, gt=0, description="CPU seconds an event loop may be busy before its worker is replaced")


class Retention(Section):
    """How long records are kept."""

    days: int = Field(184, ge=1, description="six months by default (AI Act art. 19 and 26(6); CN labelling measures)")


class Labels(Section):
    """Marks on synthetic content."""

    producer_code: str = Field("", description="service provider code for GB 45438 metadata")
    profile: str = Field("auto", description="jurisdiction profile; auto: by the caller's country")


class Telemetry(Section):
    """OpenTelemetry. Off until an endpoint is given; spans never carry content."""

    otlp_endpoint: str = Field("", description="OTLP/HTTP traces endpoint, e.g. http://127.0.0.1:4318/v1/traces")
    sample: float = Field(1.0, ge=0, le=1, description="share of calls that get a span; refused calls always do")


class Metering(Section):
    """How tokens are priced."""

    price_books: tuple[str, ...] = Field((), description="own price books (YAML or JSON), before genai-prices")


class Inspection(Section):
    """What looks at content, and how."""

    names: bool = Field(True, description="find names, addresses and organisations with the tagger")
    cache_bytes: int = Field(67_108_864, ge=0, description="verdict cache per data worker")
    processes: int = Field(1, ge=1, le=64, description="inspector processes")


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
    operators: tuple[Operator, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    limits: Limits = Limits()
    timeouts: Timeouts = Timeouts()
    upstream: UpstreamLibrary = Field(
        "http1", description="client to providers: our own, or aiohttp at more CPU a call"
    )
    retention: Retention = Retention()
    labels: Labels = Labels()
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
        _unique("operators", [operator.key_sha256 for operator in self.operators])
        if self.labels.profile != "auto":
            try:
                named(self.labels.profile)
            except UnknownProfile:
                raise ValueError(f"labels.profile: there is no profile {self.labels.profile!r}") from None
        if self.production:
            _fit_for_production(self)
        known = {application.name for application in self.applications}
        for principal in self.principals:
            if principal.application not in known:
                raise ValueError(f"principals: application {principal.application!r} is not listed in applications")
        return self

    @property
    def store_path(self) -> Path:
        return Path(self.store.removeprefix("sqlite:///"))

    @property
    def keys_dir(self) -> Path:
        return Path(self.keys.file)

    @property
    def key_passphrase(self) -> str:
        from gateway.secrets import resolve

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
        if not _is_loopback(host) and not settings.tls.certificate:
            raise ValueError(f"production: listen.{name} is off loopback, so tls.certificate and tls.key are needed")
    for provider in settings.providers:
        host = urlsplit(provider.base_url).hostname or ""
        if provider.base_url.startswith("http:") and not _is_loopback(host):
            raise ValueError(f"production: provider {provider.name} off loopback needs https")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _unique(what: str, values: list[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{what}: {value!r} is listed twice")
        seen.add(value)
