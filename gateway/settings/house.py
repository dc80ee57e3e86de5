"""Whose gateway it is, where it listens, and what it keeps."""

from __future__ import annotations

from datetime import date

from pydantic import ConfigDict, Field, model_validator

from gateway.settings.section import Address, Country, Name, SecretReference, Section


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


class Policies(Section):
    """Which policy bundle decides."""

    bundle: str = Field("builtin:strict", description="builtin:strict, builtin:lawful, a folder, or a bundle file")


class Transfer(Section):
    """A transfer mechanism that a tenant has in place, e.g. a filed standard contract."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    tenant: Name
    mechanism: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="e.g. cn_standard_contract, eu_scc")
    from_: Country = Field(alias="from")
    to: tuple[str, ...] = Field(("*",), description="destinations it covers; * is all")
    valid_until: date | None = None


class Retention(Section):
    """How long records are kept."""

    days: int = Field(184, ge=1, description="six months by default (AI Act art. 19 and 26(6); CN labelling measures)")


class Telemetry(Section):
    """OpenTelemetry. Off until an endpoint is given; spans never carry content."""

    otlp_endpoint: str = Field("", description="OTLP/HTTP traces endpoint, e.g. http://127.0.0.1:4318/v1/traces")
    sample: float = Field(1.0, ge=0, le=1, description="share of calls that get a span; refused calls always do")


class Metering(Section):
    """How tokens are priced."""

    price_books: tuple[str, ...] = Field((), description="own price books (YAML or JSON), before genai-prices")
