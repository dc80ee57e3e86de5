"""What a call passes through: the policy bundle, the inspectors' models, providers' secrets, and who may call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gateway.doctor.finding import Finding, good, problem, warning
from gateway.errors import ConfigurationError
from gateway.identity.issued_keys import read
from gateway.settings import Settings

SAMPLE = "Please call Maria Schneider on +49 151 23456789."
"""A sentence of our own with a name and a number, which working inspectors find."""


def bundle(settings: Settings) -> Iterator[Finding]:
    """The policy bundle loads and decides within its limits, tried in a process of its own."""
    from policies.bundle import load
    from policies.check import check
    from policies.errors import PolicyError

    source = settings.policies.bundle
    try:
        loaded = load(source if source.startswith("builtin:") else Path(source))
    except PolicyError as error:
        yield problem("bundle", f"The bundle {source} cannot be read: {error}.", "Point policies.bundle at a bundle.")
        return
    problems = check(loaded)
    for found in problems[:5]:
        yield problem("bundle", f"The bundle {source} may not be used: {found}.", "See lexgate policy check.")
    if not problems:
        yield good("bundle", f"The bundle {source} may be used ({loaded.digest[:19]}…).")


def inspectors(settings: Settings) -> Iterator[Finding]:
    """The detectors load, and find what they must."""
    from gateway.inspection.engine import Engine

    names = settings.inspection.names
    try:
        engine = Engine(names=names)
        found = {span.label for span in engine.inspect(SAMPLE)}
    except Exception as error:
        yield problem(
            "inspectors", f"The inspectors cannot be started ({type(error).__name__}).",
            "Install Lexgate anew: its models or the hyperscan wheel are damaged or not of this machine.",
        )  # fmt: skip
        return
    missing = ({"PHONE", "PERSON"} if names else {"PHONE"}) - found
    if missing:
        yield problem("inspectors", f"They do not find: {', '.join(sorted(missing))}.", "Install Lexgate anew.")
    elif not names:
        yield warning("inspectors", "Names are not looked for.", "Set inspection.names to true unless you mean it.")
    else:
        yield good("inspectors", f"The inspectors find a name and a number (version {engine.version[:12]}).")


def providers(settings: Settings) -> Iterator[Finding]:
    """Somebody to send calls to, and the gateway's credential for each."""
    if not settings.providers:
        yield problem("providers", "No provider is named, so no call can be sent.", "Name one under providers.")
    for provider in settings.providers:
        references = [reference for reference in (provider.secret, *provider.secrets) if reference]
        if not references:
            yield warning(
                "providers", f"Provider {provider.name} has no secret: calls go out without a credential.",
                "Set its secret to env:NAME or file:PATH unless it wants none.",
            )  # fmt: skip
        for reference in references:
            yield from _secret(provider.name, reference, "a credential")
        if provider.proxy_secret:
            yield from _secret(provider.name, provider.proxy_secret, "a credential for its proxy")


def _secret(name: str, reference: str, what: str) -> Iterator[Finding]:
    from gateway.configuration.secrets import resolve

    try:
        value = resolve(reference)
    except ConfigurationError as error:
        yield problem(
            "providers", f"Provider {name}: {error.message}.", "Set it, readable for the gateway's user alone."
        )
        return
    if not value.strip():
        yield problem("providers", f"Provider {name}: {reference} is empty.", "Put the provider's key there.")
    else:
        yield good("providers", f"Provider {name} has {what} ({reference.partition(':')[0]}).")


def callers(settings: Settings) -> Iterator[Finding]:
    """Somebody may call, and somebody may look."""
    try:
        issued = len(read(settings.issued_keys_path).keys)
    except ConfigurationError as error:
        yield problem("callers", f"{error.message}.", "Restore it: it keeps revoked keys out, and nothing starts so.")
        issued = 0
    keys = len(settings.principals) + issued
    if not (keys or settings.issuers or settings.certificates):
        yield warning(
            "callers",
            "Nobody may call: there are no keys, issuers or certificates.",
            "Make a key with lexgate key issue.",
        )
    if not settings.operators:
        yield warning(
            "callers", "Nobody may look: there are no operators.", "Make a key with lexgate key new --operator."
        )
    if keys and settings.operators:
        yield good("callers", f"{keys} keys of callers and {len(settings.operators)} of operators are known.")
    if not settings.production:
        yield warning("production", "This is not a production configuration.", "Set production: true before real data.")
