"""Every option of Lexgate, typed and documented. Read from lexgate.yaml, then overridden by LEXGATE_* variables.

`LEXGATE_LISTEN__DATA=0.0.0.0:8080` overrides `listen.data`. Unknown keys are errors; every error names file and line.
"""

from __future__ import annotations

import fnmatch
import re
from datetime import date
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from watermark.errors import UnknownProfile
from watermark.profile import named as profile_named


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
    issued: str = Field(
        "",
        description="file of callers' keys issued by command or API, as hashes; empty: issued-keys.json beside the store",
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
    secrets: tuple[SecretReference, ...] = Field(
        (),
        max_length=64,
        description="references to more keys, used in turn; one that is refused or over its limit rests",
    )
    content_hosts: tuple[Annotated[str, Field(pattern=r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$")], ...] = Field(
        (),
        description="hosts that its links to outputs lead to, e.g. *.blob.core.windows.net; its own is always one",
    )
    ca: str = Field("", description="PEM file: trust only this authority for the provider's certificate")
    proxy: str = Field(
        "",
        pattern=r"^(http://[^\s/@]+:\d{1,5}/?)?$",
        description="http://HOST:PORT of an HTTP proxy (CONNECT); proxies of the environment are never used",
    )
    proxy_secret: SecretReference = Field("", description="reference to USER:PASSWORD for the proxy")
    connect_seconds: float | None = Field(None, gt=0, description="instead of timeouts.connect")
    first_byte_seconds: float | None = Field(None, gt=0, description="instead of timeouts.first_byte")
    idle_seconds: float | None = Field(None, gt=0, description="instead of timeouts.idle")
    total_seconds: float | None = Field(None, gt=0, description="instead of timeouts.total")
    probe_seconds: float = Field(
        0.0, ge=0, description="connect to it so often to see whether it is there; 0: only calls tell"
    )
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
        if not self.paths:
            return ours
        fitting = [beginning for beginning in self.paths if ours == beginning or ours.startswith(f"{beginning}/")]
        if not fitting:
            return ours
        longest = max(fitting, key=len)
        return self.paths[longest] + ours[len(longest) :]

    def serves(self, family: str, model: str) -> bool:
        return family in self.protocols and any(fnmatch.fnmatchcase(model, pattern) for pattern in self.models)

    def timeouts(self, general: Timeouts) -> Timeouts:
        """The general ones with this provider's own in their place."""
        own = {
            name: value
            for name in ("connect", "first_byte", "idle", "total")
            if (value := getattr(self, f"{name}_seconds")) is not None
        }
        return general.model_copy(update=own) if own else general


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
        if self.jwks_url.startswith("http:") and not _is_loopback(host):
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


class Retries(Section):
    """Further attempts of a call of which nothing was delivered. Each is decided and recorded anew."""

    attempts: int = Field(3, ge=1, le=16, description="most attempts of one call, the first included")
    backoff_seconds: float = Field(
        0.25, ge=0, description="wait before the same provider is asked again; doubles, half of it is chance"
    )
    longest_wait_seconds: float = Field(
        5.0, ge=0, description="a longer Retry-After is not waited for: the answer goes to the caller as it came"
    )


class CircuitBreaker(Section):
    """When a provider that fails is left alone. Each data worker sees for itself."""

    failures: int = Field(5, ge=1, description="failures in a row, without a success between them, that open it")
    open_seconds: float = Field(
        5.0, gt=0, description="until a single call may try again; doubles with each failed trial"
    )
    longest_open_seconds: float = Field(60.0, gt=0, description="longest it stays open between two trials")


class Retention(Section):
    """How long records are kept."""

    days: int = Field(184, ge=1, description="six months by default (AI Act art. 19 and 26(6); CN labelling measures)")


class Labels(Section):
    """Marks on synthetic content."""

    producer_code: str = Field("", description="service provider code for GB 45438 metadata")
    profile: str = Field("auto", description="jurisdiction profile; auto: by the caller's country")
    manifest_characters: int = Field(
        800,
        ge=0,
        description="public texts from this length on carry a C2PA text manifest where the profile asks for one; 0: none",
    )


class ContentVerification(Section):
    """What `lexgate content verify`, `/api/content/verify` and the page `/verify` look at, and for whom."""

    public: bool = Field(
        False, description="also answer strangers on the control plane: what a file itself carries, never the record"
    )
    public_per_minute: int = Field(10, ge=1, le=6000, description="looks of one address a minute in the public mode")
    bytes: int = Field(33_554_432, ge=1024, le=268_435_456, description="size of the largest file that is looked at")
    seconds: int = Field(20, ge=1, le=120, description="time for one file; a longer look is given up")
    trust: tuple[str, ...] = Field(
        (), description="PEM files of more certificate authorities whose signatures count as trusted; ours always does"
    )


class Marking(Section):
    """How outputs that are no text (pictures, recordings, films, documents) get their marks. Needs the extra `media`."""

    processes: int = Field(
        1, ge=0, le=16, description="marking workers; 0: none, calls for such outputs are refused where marks are due"
    )
    video_processes: int = Field(
        1, ge=0, le=16, description="further ones for films alone, so that a film keeps no picture waiting; 0: none"
    )
    largest_bytes: int = Field(
        67_108_864, ge=65_536, description="largest output that is marked; a larger one is refused"
    )
    largest_pixels: int = Field(50_000_000, ge=65_536, description="largest picture that is unpacked, in pixels")
    seconds: int = Field(30, ge=1, description="for one output to be marked; after it the call is refused")
    video_seconds: int = Field(600, ge=1, description="the same for a film")
    unsupported: Literal["profile", "block", "sidecar", "record"] = Field(
        "profile",
        description="outputs that cannot carry a demanded mark: refused (block), marked beside the file, only recorded, "
        "or as the profile says: refused where the law asks for the mark",
    )
    timestamp_url: str = Field(
        "", pattern=r"^(https?://[^\s/]+(/\S*)?)?$", description="RFC 3161 time-stamp authority for C2PA manifests"
    )
    certificates: str = Field(
        "", description="PEM file: chain that signs C2PA manifests, leaf first; empty: one of our own in the key folder"
    )
    key: str = Field(
        "", description="PEM file with its private key (P-256), sealed by the key folder's passphrase or not"
    )
    link_seconds: int = Field(3600, ge=60, description="how long a link to a marked file holds")
    store_bytes: int = Field(
        2_147_483_648, ge=1_048_576, description="all marked files that wait to be fetched; half of it for one tenant"
    )

    @model_validator(mode="after")
    def _pair(self) -> Marking:
        if bool(self.certificates) != bool(self.key):
            raise ValueError("marking.certificates and marking.key go together")
        return self


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
    public_figures: bool = Field(
        True,
        description="names that everybody knows (Shakespeare, 李白) count as nobody's where nothing else is personal",
    )
    cache_bytes: int = Field(67_108_864, ge=0, description="verdict cache per data worker")
    processes: int = Field(1, ge=1, le=64, description="inspector processes, and extractors beside them")
    files: bool = Field(True, description="read the text of files in a call (PDF, Office, mail, archives, tables)")
    files_as_text: bool = Field(
        True,
        description="a file from which something must be taken out goes on as its redacted text; false: it is refused",
    )
    file_seconds: float = Field(
        8.0, gt=0, le=120, description="for the reading of one file; after it the call is refused"
    )
    file_memory_bytes: int = Field(805_306_368, ge=67_108_864, description="memory for the reading of one file")
    recognizers: str = Field(
        "", description="own recognisers: a YAML file in Presidio's schema; read again when replaced"
    )
    dictionaries: str = Field("", description="weighted words of business units: a YAML file; read again when replaced")
    registered: str = Field(
        "",
        description="folder of registered tables and documents, as keyed hashes; empty: registered/ beside the store",
    )
    ocr: bool = Field(False, description="read pictures with Tesseract, which must be installed on the machine")


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
