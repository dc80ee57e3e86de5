"""Secrets by reference: `env:NAME` or `file:PATH`. The value is read when it is used and is never logged.

Those of providers are looked at before a configuration is put in force, too: a reload must not take the keys away from
calls that have good ones.
"""

from __future__ import annotations

import os
from pathlib import Path

from gateway.errors import ConfigurationError
from gateway.settings import Provider


def resolve(reference: str) -> str:
    """The secret behind a reference, without the line end of a file. "" stays "".

    Raises ConfigurationError that names the reference (not the secret) when there is nothing behind it.
    """
    scheme, _, name = reference.partition(":")
    if not reference:
        return ""
    if scheme == "env":
        value = os.environ.get(name)
        if value is None:
            raise ConfigurationError(f"secret {reference}: the environment variable is not set")
        return value
    if scheme == "file":
        try:
            return Path(name).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"secret {reference}: the file cannot be read") from error
    raise ConfigurationError(f"secret {scheme}:…: only env: and file: are known")


def require_secrets(provider: Provider) -> None:
    """Raises ConfigurationError unless every secret of a provider is there and can be sent in a header field."""
    for reference in (provider.secret, *provider.secrets, provider.proxy_secret):
        value = resolve(reference)
        if reference and not value.strip():
            raise ConfigurationError(f"provider {provider.name}: secret {reference} is empty")
        if not (value.isascii() and value.isprintable()) and reference != provider.proxy_secret:
            raise ConfigurationError(
                f"provider {provider.name}: secret {reference} is not one line of ASCII characters"
            )
