"""The policy input document `lexgate/input@1` as /api/decide takes it and OpenAPI describes it.

The keys are those of `policies.facts.SHAPE` (a test holds the two together), which checks once more and has the last
word. Keys with a default may be left out; what that means is said there too.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from gateway.control.models import Given

Text = Annotated[str, Field(max_length=256)]
Names = Annotated[list[Text], Field(max_length=256)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
Country = Annotated[str, Field(pattern=r"^([A-Z]{2})?$", description="ISO 3166-1, empty when unknown")]


class Caller(Given):
    """Who calls."""

    tenant: Text
    application: Text
    audience: Literal["internal", "public"]
    user: Text
    purpose: Text
    country: Country
    region: Text = ""


class OrganisationFacts(Given):
    """Whose gateway this is."""

    name: Text
    country: Country
    ciio: bool
    hipaa: bool = False


class Destination(Given):
    """Where the call would go."""

    provider: Text
    model: Text
    country: Country
    retention_days: Count | None
    training: bool | None
    certifications: Names
    covered_person: bool = False


class RequestFacts(Given):
    """What the request is made of."""

    protocol: Text
    stream: bool
    json_mode: bool
    tools: Count
    provider_tools: Names
    references: Names
    uninspected: Names
    files: Names = Field(default_factory=list)
    provenance: Names = Field(default_factory=list)


class Subjects(Given):
    """Distinct data subjects per class of data."""

    pi: Count
    spi: Count
    health: Count
    financial: Count
    geo: Count
    biometric: Count
    identifier: Count
    genomic: Count
    omic: Count


class DataFacts(Given):
    """What the content of the request is."""

    grade: Literal["L1", "L2", "L3", "L4", "L5"]
    categories: Names
    entities: Annotated[dict[Text, Count], Field(max_length=256)]
    subjects: Subjects
    new_subjects: Subjects
    important: bool
    minors: bool
    ages: list[Count] = Field(default_factory=list, max_length=256)
    role: Text = ""
    foreign_origin: bool = False
    citizens: list[Country] = Field(default_factory=list, max_length=256)
    collecting: bool = True
    government_related: bool = False
    pseudonymised: bool = False
    phi: bool = False
    unredactable: Annotated[dict[Text, Count], Field(max_length=256)] = Field(default_factory=dict)


class Counters(Given):
    """Distinct subjects counted before this call, per law and period."""

    cn_pi_ytd: Count
    cn_spi_ytd: Count
    us_health_12m: Count
    us_financial_12m: Count
    us_geo_12m: Count
    us_biometric_12m: Count
    us_identifier_12m: Count
    us_genomic_12m: Count
    us_omic_12m: Count
    days_since_first_transfer: Count | None = None


class DecideQuestion(Given):
    """A policy input document. What has no default must be there: nothing is guessed."""

    schema_: Literal["lexgate/input@1"] = Field(alias="schema")
    now: str = Field(
        pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?Z$"
    )
    caller: Caller
    organisation: OrganisationFacts
    destination: Destination
    request: RequestFacts
    data: DataFacts
    counters: Counters
    mechanisms: Names
    attempt: Count

    def document(self) -> dict[str, Any]:
        """As it was given, without what was left out."""
        given: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return given
