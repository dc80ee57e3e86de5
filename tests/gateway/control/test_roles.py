"""Who may ask what: the matrix as a table, the table against the code, and every cell over HTTP."""

from __future__ import annotations

import httpx
import pytest

from gateway.control.app import create_app
from gateway.control.governed import OPEN, PERMISSION
from gateway.control.operators import PERMISSIONS, Operator, Permission, Role, authenticate, operators_from
from gateway.errors import Unauthenticated
from gateway.settings import Operator as Configured
from tests.gateway.control.parts import ACME_KEY, KEYS, OPERATORS, deps, document, flow_id, sha256

MATRIX = """
                  operator security compliance auditor approver
readiness.read    yes      yes      -          -       -
metrics.read      yes      -        -          -       -
inspect.run       -        yes      yes        -       yes
decide.run        -        yes      yes        -       yes
records.search    -        yes      yes        yes     -
records.read      -        yes      yes        yes     -
records.prove     -        yes      yes        yes     -
log.read          yes      yes      yes        yes     -
content.verify    -        yes      yes        yes     -
keys.manage       yes      yes      -          -       -
"""
REQUESTS = {
    "GET /metrics": ("/metrics", None),
    "POST /api/inspect": ("/api/inspect", {"text": "hello"}),
    "POST /api/decide": ("/api/decide", document()),
    "GET /api/records": ("/api/records", None),
    "GET /api/records/{flow}": (f"/api/records/{flow_id(1)}", None),
    "GET /api/records/{flow}/proof": (f"/api/records/{flow_id(1)}/proof", None),
    "GET /api/keys": ("/api/keys", None),
    "POST /api/keys": ("/api/keys", {"application": "crm", "user": "li.wei", "country": "DE"}),
    "POST /api/keys/{key_id}/rotate": ("/api/keys/0123456789abcdef/rotate", {}),
    "POST /api/keys/{key_id}/revoke": ("/api/keys/0123456789abcdef/revoke", None),
    "GET /api/records/{flow}/trace": (f"/api/records/{flow_id(1)}/trace", None),
    "POST /api/content/verify": ("/api/content/verify", {"any": "bytes"}),
    "GET /log/checkpoint": ("/log/checkpoint", None),
    "GET /log/tile/entries/{index}": ("/log/tile/entries/000.p/3", None),
    "GET /log/tile/{level}/{index}": ("/log/tile/0/000.p/3", None),
}


def matrix() -> dict[tuple[str, Role], bool]:
    head, *rows = (line.split() for line in MATRIX.strip().splitlines())
    return {(row[0], Role(role)): cell == "yes" for row in rows for role, cell in zip(head, row[1:], strict=True)}


def operations() -> dict[str, str]:
    paths = create_app(deps()).openapi()["paths"]
    return {f"{m.upper()} {path}": op[PERMISSION] for path, ops in paths.items() for m, op in ops.items()}


def test_the_table_is_the_code() -> None:
    assert matrix() == {(p.value, role): p in PERMISSIONS[role] for p in Permission for role in Role}


def test_every_operation_is_open_or_asked_below() -> None:
    governed = {name for name, permission in operations().items() if permission != OPEN}
    assert governed == set(REQUESTS)
    assert set(operations()) - governed == {"GET /", "GET /healthz", "GET /readyz"}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("operation", REQUESTS)
def test_each_role_gets_what_the_matrix_says(ask, operation: str, role: Role) -> None:
    path, body = REQUESTS[operation]
    answer: httpx.Response = ask(operation.split()[0], path, key=role, json=body)
    if matrix()[operations()[operation], role]:
        assert answer.status_code == 200, answer.text
    else:
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "lexgate_forbidden"
        assert operations()[operation] in answer.json()["error"]["message"]


@pytest.mark.parametrize("operation", REQUESTS)
def test_strangers_get_401_whatever_they_ask(ask, operation: str) -> None:
    method, path = operation.split()[0], REQUESTS[operation][0]
    for asked in (method, "DELETE"):
        for key in (None, "key-of-nobody", KEYS[Role.SECURITY] + "x"):
            answer = ask(asked, path, key=key, content=b"{not json")
            assert answer.status_code == 401
            assert answer.json()["error"]["code"] == "lexgate_unauthenticated"
            assert answer.headers["www-authenticate"].startswith("Bearer")
    assert ask("GET", "/no/such/path", key=None).status_code == 401


def test_a_wrong_key_is_wrong_on_open_paths_too(ask) -> None:
    for path in ("/", "/healthz", "/readyz", "/openapi.json"):
        assert ask("GET", path, key=None).status_code == 200
        assert ask("GET", path, key="key-of-nobody").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [[], [b"Basic abc"], [b"Bearer"], [b"Bearer "], [b"Bearer a", b"Bearer b"], [b"\xff\xfe"], [b"Bearer \xff\x00"]],
)
def test_what_is_no_key(headers: list[bytes]) -> None:
    with pytest.raises(Unauthenticated):
        authenticate(OPERATORS, headers)


def test_the_key_names_its_operator() -> None:
    assert authenticate(OPERATORS, [b"bearer   " + ACME_KEY.encode()]).name == "acme-officer"
    assert ACME_KEY not in repr(OPERATORS)
    assert sha256(ACME_KEY) not in repr(OPERATORS)


def test_operators_come_from_the_settings() -> None:
    everybody = Configured(key_sha256=sha256("a"), name="a", roles=("auditor", "security"))
    limited = Configured(key_sha256=sha256("b"), name="b", roles=("operator",), tenants=("acme",))
    assert operators_from([everybody, limited]) == (
        Operator("a", frozenset({Role.AUDITOR, Role.SECURITY}), None, sha256("a")),
        Operator("b", frozenset({Role.OPERATOR}), frozenset({"acme"}), sha256("b")),
    )
