"""What the control plane takes and gives, typed. Answers with records are described here and sent as they are stored."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_TEXT = 250_000
"""Code points of one text for /api/inspect."""

FLOW = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
LANGUAGE = r"^([a-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4})?$"
NO_NUL = r"^[^\x00]*$"


class Given(BaseModel):
    """A document from outside: unknown keys and near-misses of types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Told(BaseModel):
    """A document of ours. Later versions may add keys."""

    model_config = ConfigDict(extra="allow")


# --- inspection ---------------------------------------------------------------------------------------------------


class InspectQuestion(Given):
    """A text to inspect. Nothing of it is kept."""

    text: str = Field(max_length=MAX_TEXT, json_schema_extra={"pattern": NO_NUL})
    lang: str = Field("", max_length=40, pattern=LANGUAGE, description="BCP 47 tag, if known, e.g. `en` or `zh`")


class InspectedSpan(Told):
    """One detected entity. Offsets count Unicode code points; `end` is exclusive."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    label: str
    score: float = Field(ge=0, le=1)


class InspectAnswer(Told):
    """What the gateway would find in this text, and how it would grade it."""

    spans: list[InspectedSpan]
    categories: list[str]
    grade: Literal["L1", "L2", "L3", "L4", "L5"]
    reasons: list[str] = Field(description="why this grade, one line each")


# --- decisions ----------------------------------------------------------------------------------------------------


class RuleAnswer(Told):
    """A rule that spoke."""

    id: str
    effect: str
    citation: str
    message: str
    remedy: str


class Obligations(Told):
    """What must be done with the call if it is to go on."""

    redact: dict[str, str] = Field(description="label to operator: placeholder or remove")
    route: list[str] = Field(description="jurisdictions that may process it; empty: any")
    cap: int | None = Field(description="most output tokens")
    labels: list[str] = Field(description="marks that the answer must carry")
    log: str
    guard: str | None
    tier: str | None = Field(description="oversight tier")


class DecideAnswer(Told):
    """What the active bundle decides of an input document. Nothing is counted."""

    decision: Literal["block", "approval", "route", "redact", "cap", "label", "log", "allow"]
    obligations: Obligations
    rules: list[RuleAnswer]
    citations: list[str] = Field(description="of all rules that spoke, each once")
    mechanism: str | None = Field(description="the transfer mechanism that the decision rests on")
    bundle: str = Field(description="digest of the bundle that decided")


# --- records ------------------------------------------------------------------------------------------------------


class RecordQuery(BaseModel):
    """A search. Parameters that are not listed are refused, so that a typing error cannot widen it."""

    model_config = ConfigDict(extra="forbid")
    q: str = Field("", max_length=1024, description="e.g. `tenant:acme grade>=L3 -decision:block since:2026-11-01`")
    after: Annotated[str, Field(min_length=1, max_length=512)] | None = Field(None, description="`next` of a page")
    limit: int = Field(50, ge=1, le=200, description="records of one page, at most")


class IntentLeaf(Told):
    """The leaf of one attempt, written before anything left."""

    attempt: int
    leaf: int


class OneLeaf(Told):
    """A leaf of the log, by its index."""

    leaf: int


class Record(Told):
    """All that is recorded of one flow. Groups that were erased are null."""

    flow: str
    time: str
    status: Literal["open", "completed", "denied", "failed", "aborted", "interrupted"]
    intents: list[IntentLeaf]
    outcome: OneLeaf | None
    settle: OneLeaf | None
    pub: dict[str, Any] | None
    meter: dict[str, Any] | None = None
    facts: dict[str, Any] | None = None
    subj: dict[str, Any] | None = None
    digest: dict[str, Any] | None = None


class RecordPage(BaseModel):
    """One page, newest first. `next` goes into `after` for the following page; null: there is none."""

    records: list[Record]
    next: str | None


class TraceParent(BaseModel):
    """A flow that another came from, and what says so."""

    flow: str
    by: Literal["declared", "turn", "content", "span", "trace", "session"]


class TracedFlow(Told):
    """One flow of a chain."""

    flow: str
    time: str
    relation: Literal["self", "ancestor", "descendant"]
    status: str
    application: str | None
    user: str | None
    parents: list[TraceParent]


class Trace(BaseModel):
    """A flow's chain within its tenant, oldest first. `complete` is false when it is longer than what is shown."""

    flow: str
    tenant: str
    complete: bool
    flows: list[TracedFlow]


class ProofDocument(Told):
    """Everything an auditor needs to verify one flow offline with nothing but the log's public key."""


# --- callers' keys -------------------------------------------------------------------------------------------------

KEY_ID = r"^[0-9a-f]{16}$"
MOST_SECONDS = 10 * 366 * 86_400


class KeyWish(Given):
    """Whom a new key stands for."""

    application: str = Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@:-]*$")
    user: str = Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")
    country: str = Field(pattern=r"^[A-Z]{2}$", description="where the caller sends from (ISO 3166-1)")
    region: str = Field("", max_length=64, pattern=r"^[A-Za-z0-9 ._-]*$")
    lasts_seconds: int | None = Field(None, ge=1, le=MOST_SECONDS, description="null: until it is revoked")


class Rotation(Given):
    """How a key is replaced."""

    grace_seconds: int = Field(3600, ge=0, le=30 * 86_400, description="how long the old key still holds")


class KeyTold(Told):
    """What may be told of a caller's key. Never the key."""

    key_id: str = Field(pattern=KEY_ID, description="first 16 hex digits of the key's SHA-256")
    tenant: str
    application: str
    user: str
    country: str
    region: str
    source: Literal["configuration", "issued"]
    created: int | None = Field(description="Unix time")
    ends: float | None = Field(description="Unix time from which it is refused; null: none")
    active: bool


class KeyMade(KeyTold):
    """A new key. `key` is shown only here."""

    key: str


class KeyList(BaseModel):
    """Every caller's key that this operator sees."""

    keys: list[KeyTold]


# --- state --------------------------------------------------------------------------------------------------------


class Health(BaseModel):
    """The control process answers."""

    status: Literal["ok"]


class Readiness(BaseModel):
    """Whether calls can be governed now. `components` only for operators: null is ready, a text says why not."""

    status: Literal["ready", "not ready"]
    components: dict[str, str | None] | None = None


# --- content ------------------------------------------------------------------------------------------------------


class EvidenceTold(Told):
    """One kind of evidence. `reason` is stable, for programs."""

    kind: Literal["c2pa_integrity", "c2pa_trust", "aigc", "invisible", "text_manifest", "exact", "fingerprint"]
    state: Literal["present", "absent", "invalid", "not_examined"]
    reason: str | None
    name: str = Field(description="the kind in words")
    words: str = Field(description="the state in words")
    names: list[str] = Field(description="identifiers (ProduceID) that it states")
    details: dict[str, str] = Field(description="what the file claims besides; not checked")


class StampTold(Told):
    """A time-stamp (RFC 3161) that an output got after it was delivered: it existed by then."""

    time: str = Field(description="UTC, to the second")
    trusted: bool = Field(
        description="whether its authority is on a list of trust of ours; otherwise nobody vouches for the time"
    )
    words: str


class MatchTold(Told):
    """An output of a call whose record agrees with the content."""

    flow: str = Field(pattern=FLOW)
    output: int = Field(ge=0)
    by: list[Literal["exact", "fingerprint", "prints"]]
    share: int = Field(ge=0, le=1000, description="of the content, parts per thousand")
    stamped: StampTold | None = Field(description="only where the content is the output, byte for byte")


class VerifyAnswer(Told):
    """What is known of a file. `unknown` never means that a human made it."""

    verdict: Literal["confirmed", "partly", "claimed", "unknown"]
    title: str = Field(description="the verdict in a word of the language")
    words: str = Field(description="the verdict in sentences")
    flow: str | None
    contradicted: list[str] = Field(description="calls that marks name and whose record says otherwise")
    media_type: str | None
    bytes: int = Field(ge=0)
    sha256: str
    evidence: list[EvidenceTold]
    matches: list[MatchTold]
    behind: int = Field(ge=0, description="leaves of the log that are not searched yet")
    public: bool = Field(description="whether only the file itself was asked")
