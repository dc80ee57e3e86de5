"""Where calls go: providers, and what happens when one is slow or fails."""

from __future__ import annotations

import fnmatch
from typing import Annotated, Literal

from pydantic import Field

from gateway.settings.section import Country, Name, PathBeginning, SecretReference, Section

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
