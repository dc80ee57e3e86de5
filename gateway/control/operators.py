"""Who may use the control plane, and for what. The role table is data: read it to know what a key can do."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from gateway.errors import LexgateError, Unauthenticated

ALL_TENANTS = "*"


class Role(StrEnum):
    """What an operator is in the organisation."""

    OPERATOR = "operator"  # keeps it running
    SECURITY = "security"  # looks into incidents
    COMPLIANCE = "compliance"  # answers for the records
    AUDITOR = "auditor"  # verifies, from outside
    APPROVER = "approver"  # releases policy changes


class Permission(StrEnum):
    """One thing that can be asked. Every governed endpoint names exactly one."""

    READINESS = "readiness.read"  # which component is down, and why
    METRICS = "metrics.read"
    INSPECT = "inspect.run"
    DECIDE = "decide.run"
    SEARCH = "records.search"
    READ = "records.read"
    PROVE = "records.prove"
    LOG = "log.read"
    VERIFY = "content.verify"  # does the record confirm this content?
    KEYS = "keys.manage"  # callers' keys: list, issue, rotate, revoke


PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.OPERATOR: frozenset({Permission.READINESS, Permission.METRICS, Permission.LOG, Permission.KEYS}),
        Role.SECURITY: frozenset(Permission) - {Permission.METRICS},
        Role.COMPLIANCE: frozenset(Permission) - {Permission.METRICS, Permission.READINESS, Permission.KEYS},
        Role.AUDITOR: frozenset(
            {Permission.SEARCH, Permission.READ, Permission.PROVE, Permission.LOG, Permission.VERIFY}
        ),
        Role.APPROVER: frozenset({Permission.DECIDE, Permission.INSPECT}),
    }
)
"""Who keeps the gateway running sees no record; who reads records does not need the machine's metrics."""


class Forbidden(LexgateError):
    """The operator is known, and none of its roles allows this."""

    status, code = 403, "lexgate_forbidden"


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who uses the control plane. `tenants` None: all of them; otherwise only their records exist."""

    name: str
    roles: frozenset[Role]
    tenants: frozenset[str] | None = None
    key_sha256: str = field(default="", repr=False)

    def may(self, permission: Permission) -> bool:
        return any(permission in PERMISSIONS[role] for role in self.roles)

    def require(self, permission: Permission) -> None:
        """Raise Forbidden, naming the permission and the roles that have it."""
        if not self.may(permission):
            having = ", ".join(role.value for role in Role if permission in PERMISSIONS[role])
            raise Forbidden(f"this needs the permission {permission.value}, which these roles have: {having}")


class ConfiguredOperator(Protocol):
    """An entry of `operators:` in lexgate.yaml."""

    @property
    def key_sha256(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def roles(self) -> Sequence[str]: ...
    @property
    def tenants(self) -> Sequence[str]: ...


def operators_from(configured: Iterable[ConfiguredOperator]) -> tuple[Operator, ...]:
    """The operators of the settings. A tenant list with "*" in it means all tenants."""
    return tuple(
        Operator(
            name=entry.name,
            roles=frozenset(Role(role) for role in entry.roles),
            tenants=None if ALL_TENANTS in entry.tenants else frozenset(entry.tenants),
            key_sha256=entry.key_sha256,
        )
        for entry in configured
    )


def authenticate(operators: Sequence[Operator], authorization: Sequence[bytes]) -> Operator:
    """The operator whose key stands in the `Authorization` header fields of one request.

    Only SHA-256 digests are compared, each in constant time, and all of them whatever the first answers: time tells
    neither whether a key is nearly right nor where in the list it stands. Raises Unauthenticated.
    """
    if len(authorization) != 1:
        raise Unauthenticated("present one operator key: Authorization: Bearer <operator key>")
    scheme, _, key = authorization[0].partition(b" ")
    if scheme.lower() != b"bearer" or not key.strip():
        raise Unauthenticated("present an operator key: Authorization: Bearer <operator key>")
    digest = hashlib.sha256(key.strip()).hexdigest()
    found: Operator | None = None
    for operator in operators:
        if hmac.compare_digest(operator.key_sha256.lower(), digest):
            found = operator
    if found is None:
        raise Unauthenticated("no operator has this key")
    return found
