"""`lexgate key`: keys for callers and operators. Only their hash goes into the configuration."""

from __future__ import annotations

import hashlib
import secrets

import click

PREFIX = {"caller": "lxk", "operator": "lxo"}


def new_key(kind: str) -> tuple[str, str]:
    """A new key of 256 random bits and its SHA-256."""
    value = f"{PREFIX[kind]}_{secrets.token_urlsafe(32)}"
    return value, hashlib.sha256(value.encode()).hexdigest()


@click.group()
def key() -> None:
    """Keys for callers and operators."""


@key.command()
@click.option("--operator", is_flag=True, help="A key for the control plane instead of one for a caller.")
def new(operator: bool) -> None:
    """Print a new key, which is shown only now, and the hash that goes into lexgate.yaml."""
    value, digest = new_key("operator" if operator else "caller")
    click.echo(f"key         {value}")
    click.echo(f"key_sha256  {digest}")
