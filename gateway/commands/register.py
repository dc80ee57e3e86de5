"""`lexgate inspect register-table | register-documents`: what is the organisation's own, as keyed hashes of one tenant."""

from __future__ import annotations

import re
from pathlib import Path

import click

from gateway.commands.options import config_option
from gateway.errors import ConfigurationError, LexgateError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_tenant = click.option("--tenant", required=True, help="Whose calls it is looked for in.")
_name = click.option("--name", required=True, help="How findings call it; the name may stand in records.")


@click.command("register-table")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_tenant
@_name
@click.option("--columns", default="", help="Columns to look for, separated by commas; all, if left out.")
@config_option
def register_table(file: Path, tenant: str, name: str, columns: str, config: Path) -> None:
    """Have the cells of a table (CSV with a head) found in calls.

    What is kept are keyed hashes: no value of the table is stored. A long number is found alone, shorter values where two
    columns of one row stand together. A running gateway takes it into use at once.
    """
    from gateway.extraction.gathered import Unreadable
    from gateway.extraction.plain import decode
    from gateway.inspection.own.tables import register

    try:
        content = decode(file.read_bytes())
        wanted = [column.strip() for column in columns.split(",") if column.strip()]
        target, key = _place(config, tenant, name, "tables")
        done = register(content, wanted, name, key, target)
    except Unreadable as problem:
        raise click.ClickException(f"{file.name} is no text: {problem}") from None
    except (LexgateError, OSError) as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"{done.kept} values of {done.rows} rows are looked for in calls of {tenant}; {done.left_out} are too short or too common.")  # fmt: skip


@click.command("register-documents")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@_tenant
@_name
@config_option
def register_documents(folder: Path, tenant: str, name: str, config: Path) -> None:
    """Have passages of the documents in FOLDER (and below) recognised in calls.

    What is kept are keyed fingerprints: neither text nor file names are stored. A running gateway takes them into use at once.
    """
    from gateway.extraction.extract import Reading, extract, warm
    from gateway.extraction.sandbox import Failed
    from gateway.inspection.own.documents import register

    try:
        target, key = _place(config, tenant, name, "documents")
        warm()
        texts, unread = [], 0
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            try:
                found = extract(path.read_bytes(), path.name, "", Reading())
            except Failed:
                unread += 1
                continue
            texts.append("\n".join(text for where, text in found.texts if where != "name"))
            unread += bool(found.unread)
        kept, short = register(texts, name, key, target)
    except (LexgateError, OSError) as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"{kept} documents are looked for in calls of {tenant}; {short} are too short, {unread} could not be read whole.")  # fmt: skip


def _place(config: Path, tenant: str, name: str, kind: str) -> tuple[Path, bytes]:
    """Where it is kept, and the tenant's key. Raises ConfigurationError."""
    from audit.errors import AuditError
    from audit.keys import Keyring
    from gateway.configuration.reading import load

    if _NAME.fullmatch(name) is None:
        raise ConfigurationError("a name has letters, digits, dots, dashes and underscores")
    settings = load(config)
    if tenant not in {application.tenant for application in settings.applications}:
        raise ConfigurationError(f"no application of the configuration has the tenant {tenant}")
    try:
        key = Keyring.open(settings.keys_dir, settings.key_passphrase).derive("registered", tenant)
    except AuditError as problem:
        raise ConfigurationError(str(problem)) from problem
    return settings.registered_path / tenant / kind / f"{name}.npz", key
