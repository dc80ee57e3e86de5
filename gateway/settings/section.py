"""What every part of lexgate.yaml shares: immutable, unknown keys refused, and the kinds of values."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


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


def is_loopback(host: str) -> bool:
    """Whether a host, as a name or an address, is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
