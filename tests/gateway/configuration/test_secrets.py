"""Secrets behind references: what can be sent to a provider, and what is refused before it is in force."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.configuration.secrets import require_secrets, resolve
from gateway.errors import ConfigurationError
from gateway.settings import Provider


def provider(**secrets: object) -> Provider:
    return Provider.model_validate(
        {"name": "far", "base_url": "https://far.example", "jurisdiction": "US", "proxy": "http://proxy:3128"} | secrets
    )


def test_the_line_end_of_a_file_is_not_part_of_the_secret(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-1\r\n")
    assert resolve(f"file:{tmp_path}/key") == "sk-1"


def test_a_provider_with_good_secrets_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "sk-1")
    monkeypatch.setenv("PROXY", "käthe:pässword")
    require_secrets(provider())
    require_secrets(provider(secret="env:KEY", secrets=["env:KEY"], proxy_secret="env:PROXY"))


@pytest.mark.parametrize("content", ["", " \n", "two\nlines", "schlüssel", "bell\x07"])
@pytest.mark.parametrize("where", ["secret", "secrets"])
def test_a_key_that_no_header_field_can_carry(tmp_path: Path, where: str, content: str) -> None:
    (tmp_path / "key").write_text(content)
    reference = f"file:{tmp_path}/key"
    with pytest.raises(ConfigurationError) as caught:
        require_secrets(provider(**{where: reference if where == "secret" else [reference]}))
    assert caught.value.message.startswith(f"provider far: secret {reference} ")
    assert not content.strip() or content not in caught.value.message


@pytest.mark.parametrize("where", ["secret", "proxy_secret"])
def test_a_secret_that_is_not_there(where: str) -> None:
    with pytest.raises(ConfigurationError, match="NO_SUCH_VARIABLE"):
        require_secrets(provider(**{where: "env:NO_SUCH_VARIABLE"}))
