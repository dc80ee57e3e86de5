"""Every option of Lexgate, typed and documented. Read from lexgate.yaml, then overridden by LEXGATE_* variables.

`LEXGATE_LISTEN__DATA=0.0.0.0:8080` overrides `listen.data`. Unknown keys are errors; every error names file and line.
"""

from __future__ import annotations

from gateway.settings.callers import (
    Algorithm,
    Application,
    Certificate,
    ClaimOrConstant,
    Issuer,
    Limits,
    Operator,
    Principal,
    Role,
)
from gateway.settings.content import ContentVerification, Inspection, Labels, Marking
from gateway.settings.house import Keys, Listen, Metering, Organisation, Policies, Retention, Telemetry, Tls, Transfer
from gateway.settings.providers import CircuitBreaker, Provider, Retries, Timeouts, UpstreamLibrary
from gateway.settings.section import Address, Country, Name, PathBeginning, SecretReference, Section, Sha256Hex
from gateway.settings.settings import Settings

__all__ = [
    "Address",
    "Algorithm",
    "Application",
    "Certificate",
    "CircuitBreaker",
    "ClaimOrConstant",
    "ContentVerification",
    "Country",
    "Inspection",
    "Issuer",
    "Keys",
    "Labels",
    "Limits",
    "Listen",
    "Marking",
    "Metering",
    "Name",
    "Operator",
    "Organisation",
    "PathBeginning",
    "Policies",
    "Principal",
    "Provider",
    "Retention",
    "Retries",
    "Role",
    "SecretReference",
    "Section",
    "Settings",
    "Sha256Hex",
    "Telemetry",
    "Timeouts",
    "Tls",
    "Transfer",
    "UpstreamLibrary",
]
