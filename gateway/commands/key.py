"""`lexgate key`: keys of callers and operators. Only their hashes are kept, in the configuration or the file beside the store."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import secrets
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from gateway.commands.audit import exits, json_option, load_settings, open_keyring
from gateway.commands.options import config_option

if TYPE_CHECKING:
    from gateway.identity.key_keeper import CallerKey, KeyKeeper

PREFIX = {"caller": "lxk", "operator": "lxo"}
BY = "command line"


def new_key(kind: str) -> tuple[str, str]:
    """A new key of 256 random bits and its SHA-256."""
    value = f"{PREFIX[kind]}_{secrets.token_urlsafe(32)}"
    return value, hashlib.sha256(value.encode()).hexdigest()


@click.group()
def key() -> None:
    """Keys of callers and operators."""


@key.command()
@click.option("--operator", is_flag=True, help="A key for the control plane instead of one for a caller.")
def new(operator: bool) -> None:
    """Print a new key, which is shown only now, and the hash that goes into lexgate.yaml."""
    value, digest = new_key("operator" if operator else "caller")
    click.echo(f"key         {value}")
    click.echo(f"key_sha256  {digest}")


@key.command()
@config_option
@click.option("--application", required=True, help="An application of the configuration.")
@click.option("--user", required=True, help="Who calls.")
@click.option("--country", required=True, help="Where they send from (ISO 3166-1).")
@click.option("--region", default="", help="Part of the country with a law of its own.")
@click.option("--days", type=click.IntRange(1, 3660), help="It ends after so many days; otherwise when it is revoked.")
@json_option
@exits
def issue(
    config: Path, application: str, user: str, country: str, region: str, days: int | None, as_json: bool
) -> None:
    """Issue a caller's key, in force within a second. The key is shown only now."""
    lasts_s = None if days is None else days * 86_400.0
    _made(
        config,
        lambda keeper: keeper.issue(
            BY, application=application, user=user, country=country, region=region, lasts_s=lasts_s
        ),
        as_json,
    )


@key.command()
@config_option
@click.argument("key_id")
@click.option("--grace", type=click.IntRange(0, 30 * 86_400), default=3600, show_default=True, help="Seconds that the old key still holds.")  # fmt: skip
@json_option
@exits
def rotate(config: Path, key_id: str, grace: int, as_json: bool) -> None:
    """Issue another key for the caller of KEY_ID, which then ends. The new key is shown only now."""
    _made(config, lambda keeper: keeper.rotate(BY, key_id, grace_s=grace), as_json)


@key.command()
@config_option
@click.argument("key_id")
@json_option
@exits
def revoke(config: Path, key_id: str, as_json: bool) -> None:
    """Refuse KEY_ID from now on, a key of the configuration too. Calls that run go on."""
    told = asyncio.run(_keeper(config).revoke(BY, key_id))
    _show([told], as_json)


@key.command(name="list")
@config_option
@json_option
@exits
def list_(config: Path, as_json: bool) -> None:
    """List the callers' keys by their ids, those of the configuration too."""
    _show(_keeper(config).listed(), as_json)


def _keeper(config: Path) -> KeyKeeper:
    from gateway.identity.key_keeper import KeyKeeper

    settings = load_settings(config)
    return KeyKeeper(settings, open_keyring(settings))


def _made(config: Path, make: Callable[[KeyKeeper], Coroutine[Any, Any, tuple[str, CallerKey]]], as_json: bool) -> None:
    value, told = asyncio.run(make(_keeper(config)))
    if as_json:
        click.echo(orjson.dumps({"key": value, **told.as_dict(time.time())}).decode())
        return
    click.echo(f"key         {value}")
    click.echo(f"key_id      {told.key_id}")


def _show(keys: list[CallerKey], as_json: bool) -> None:
    now = time.time()
    for each in keys:
        if as_json:
            click.echo(orjson.dumps(each.as_dict(now)).decode())
            continue
        ends = "" if each.ends is None else dt.datetime.fromtimestamp(each.ends, dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        state = "active" if each.ends is None or each.ends > now else "ended"
        click.echo(
            f"{each.key_id}  {state:6}  {ends:20}  {each.tenant}/{each.application}  {each.user}  {each.country}  {each.source}"
        )
