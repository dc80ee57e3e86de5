"""Names of models: every provider's way of naming passes, whatever else a caller writes there does not."""

from __future__ import annotations

import pytest

from gateway.errors import BadRequest
from gateway.inspection.guard import GuardScanner
from gateway.model_names import ModelNames


@pytest.fixture(scope="module")
def names():
    return ModelNames(GuardScanner())


@pytest.mark.parametrize(
    "name",
    [
        "gpt-4o-2024-08-06",
        "claude-instant",
        "claude-3-5-sonnet-20241022",
        "anthropic.claude-3-5-sonnet-20240620-v1:0",
        "meta-llama/Llama-3.1-405B-Instruct",
        "@cf/meta/llama-2-7b-chat-fp16",
        "ft:gpt-3.5-turbo-0125:my-org:custom:7p4lURel",
        "gemini-2.5-flash-preview-05-20",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude",
        "projects/123456789012/locations/us/endpoints/456",
    ],
)
def test_models_names_pass(names, name):
    names.check(name)
    names.check(name)  # remembered


@pytest.mark.parametrize(
    "name",
    [
        "Maria Schneider",
        "maria-schneider",
        "home/anna_kowalska",
        "+4915123456789",
        "phone-0151-2345-6789",
        "maria@example.com",
        "4111111111111111",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "张伟",
        "",
    ],
)
def test_anything_else_is_refused_without_saying_what_it_was(names, name):
    with pytest.raises(BadRequest, match="must be a model's name") as refusal:
        names.check(name)
    assert not name or name not in str(refusal.value)
