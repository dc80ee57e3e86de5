"""The OpenAPI document is true: Schemathesis asks what it allows and what it forbids, and checks every answer."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from gateway.control.app import create_app
from gateway.control.facts import DecideQuestion
from gateway.control.operators import Role
from gateway.control.problems import DESCRIPTIONS
from policies.facts import DEFAULTS, SHAPE
from tests.gateway.control.parts import KEYS, deps
from tests.gateway.control.real import Real
from tests.gateway.control.test_roles import REQUESTS

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    ignored_auth,
]
BOUNDED = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="session")
def published() -> dict[str, schemathesis.APIOperation]:
    """Every operation of the document, by its label."""
    document = schemathesis.openapi.from_dict(create_app(deps()).openapi())
    return {found.ok().label: found.ok() for found in document.get_all_operations()}


OPERATIONS = sorted([*REQUESTS, "GET /", "GET /healthz", "GET /readyz"])


def strategy(operation: schemathesis.APIOperation) -> st.SearchStrategy[schemathesis.Case]:
    """Requests that the document allows, and requests that it forbids."""
    allowed = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if not operation.body and not len(operation.query) and not len(operation.path_parameters):
        return allowed
    return allowed | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


def test_all_operations_are_asked(published) -> None:
    assert sorted(published) == OPERATIONS


@pytest.mark.parametrize("label", OPERATIONS)
def test_with_a_key_no_question_is_too_strange(published, real: Real, label: str) -> None:
    key = KEYS[Role.OPERATOR if label == "GET /metrics" else Role.SECURITY]

    @given(strategy(published[label]))
    @BOUNDED
    def asked(case: schemathesis.Case) -> None:
        case.call_and_validate(real.url, checks=CHECKS, headers={"Authorization": f"Bearer {key}"}, timeout=30)

    asked()


@pytest.mark.parametrize("label", sorted(REQUESTS))
def test_without_a_key_the_answer_is_always_401(published, plane: str, label: str) -> None:
    @given(strategy(published[label]))
    @BOUNDED
    def asked(case: schemathesis.Case) -> None:
        case.headers.pop("Authorization", None)
        answer = case.call(plane, timeout=30)
        assert answer.status_code == 401
        case.validate_response(answer, checks=CHECKS[:-2])

    asked()


def test_every_failure_is_documented_with_our_shape() -> None:
    for path, operations in create_app(deps()).openapi()["paths"].items():
        for method, operation in operations.items():
            failures = {int(status): told for status, told in operation["responses"].items() if status >= "400"}
            assert {400, 401, 500} <= set(failures), f"{method} {path}"
            assert set(failures) <= set(DESCRIPTIONS)
            for status, told in failures.items():
                shape = told["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                assert shape == ("Readiness" if (path, status) == ("/readyz", 503) else "Problem")


def test_the_input_document_has_the_keys_of_the_policies() -> None:
    def keys(model, shape, defaults) -> None:
        named = {field.alias or name: field for name, field in model.model_fields.items()}
        assert set(named) == set(shape), model.__name__
        for name, inner in shape.items():
            if callable(inner):
                assert named[name].is_required() == (name not in defaults), name
                if name in defaults:
                    assert named[name].get_default(call_default_factory=True) == defaults[name]
            else:
                keys(named[name].annotation, inner, defaults.get(name, {}))

    keys(DecideQuestion, SHAPE, DEFAULTS)
