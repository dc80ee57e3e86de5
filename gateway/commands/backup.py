"""`lexgate backup`, `restore`, `migrate`: the store as a whole."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.commands.audit import DOES_NOT_HOLD, NOT_TRIED, exits, load_settings, open_keyring
from gateway.commands.options import config_option


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@config_option
@click.option("--with-keys", is_flag=True, help="Also copy the private key files: whoever has them can read and sign.")
@exits
def backup(target: Path, config: Path, with_keys: bool) -> None:
    """Copy the store to TARGET, a new folder or .tar/.tar.gz file, while the gateway runs."""
    from audit.store.backup import backup as copy

    settings = load_settings(config)
    made = copy(settings.store_path, settings.keys_dir, target, with_keys=with_keys, beside=[settings.issued_keys_path])
    click.echo(f"{made.size} leaves of {made.origin}, schema {made.schema}, are in {target}")
    if not with_keys:
        click.echo("The private keys are not in it: keep a copy of them elsewhere (or use --with-keys).")


@click.command()
@click.argument("source", required=False, type=click.Path(path_type=Path, exists=True))
@config_option
@click.option("--accept-loss", "reason", default="", help="Record, with this reason, that later leaves are lost.")
@exits
def restore(source: Path | None, config: Path, reason: str) -> None:
    """Put a backup back where there is no store; never overwrites one.

    When the log had gone on after the backup, the gateway will not start on it, because that would fork the log
    silently. --accept-loss REASON (with or without SOURCE) records the loss and starts a new generation of the log.
    """
    from audit.store.backup import accept_loss
    from audit.store.backup import restore as put_back

    if source is None and not reason:
        click.echo("lexgate: name a backup, or --accept-loss REASON for the store that is there", err=True)
        sys.exit(NOT_TRIED)
    settings = load_settings(config)
    behind = 0
    if source is not None:
        restored = put_back(
            source, settings.store_path, settings.keys_dir, settings.key_passphrase, beside=[settings.issued_keys_path]
        )
        behind = restored.behind
        click.echo(f"{restored.backup.size} leaves of {restored.backup.origin} are back in {settings.store_path}")
    if reason:
        generation, kept = accept_loss(settings.store_path, open_keyring(settings), settings.log_origin, reason)
        click.echo(f"The loss is recorded; the log goes on as generation {generation} with {kept} leaves.")
    elif behind:
        click.echo(
            f"{behind} later leaves are missing: the gateway will refuse this store until they are back, or until\n"
            "`lexgate restore --accept-loss REASON` records that they are lost.",
            err=True,
        )
        sys.exit(DOES_NOT_HOLD)


@click.command()
@config_option
@exits
def migrate(config: Path) -> None:
    """Bring the store's schema to what this program needs. The gateway must not be running."""
    from audit.store.migrate import upgrade
    from audit.store.sqlite import only_writer

    settings = load_settings(config)
    with only_writer(settings.store_path):
        before, after = upgrade(settings.store_path)
    click.echo(f"schema {after}" if before == after else f"schema {before or 'none'} → {after}")
