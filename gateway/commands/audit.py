"""`lexgate audit`: search records, show one and its chain, verify proofs and the log."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click
import orjson

from audit.errors import AuditError, QueryInvalid
from gateway.commands.options import config_option
from gateway.errors import LexgateError

if TYPE_CHECKING:
    from audit.keys import Keyring
    from audit.search.records import Records
    from audit.verify import Verification
    from gateway.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

HOLDS, DOES_NOT_HOLD, NOT_TRIED = 0, 1, 2
_COLUMNS = ("time", "flow", "status", "decision", "grade", "from", "to", "provider", "model", "tenant", "user")

json_option = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")


def exits(command: Callable[P, R]) -> Callable[P, R]:
    """What could not be tried ends with status 2 and one line that says why."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (AuditError, LexgateError, OSError) as error:
            click.echo(f"lexgate: {error}", err=True)
            raise SystemExit(NOT_TRIED) from error
        except Exception as error:
            said = _of_the_store(error)
            if said is None:
                raise
            click.echo(f"lexgate: the store cannot be used: {said}", err=True)
            raise SystemExit(NOT_TRIED) from error

    return wrapped


def _of_the_store(error: Exception) -> str | None:
    """What SQLite says of a store that it cannot use, None for any other error."""
    from sqlalchemy.exc import DBAPIError

    from audit.store.sqlite import Error

    at_fault = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(at_fault, Error):
        return None
    name = str(getattr(at_fault, "sqlite_errorname", ""))
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
        return f"{at_fault}. It needs a folder that can be written to, also to be read: copy it to one"
    return str(at_fault)


def load_settings(config: Path) -> Settings:
    """The configuration. A function of its own so that tests can hand over a small one."""
    from gateway.configuration.reading import load

    return load(config)


def open_keyring(settings: Settings) -> Keyring:
    """The keys that the configuration names."""
    from audit.keys import Keyring

    return Keyring.open(settings.keys_dir, settings.key_passphrase)


def open_records(settings: Settings) -> Records:
    """The read side of the configured store; SchemaMismatch when its schema is not this program's."""
    from audit.search.records import Records
    from audit.store.migrate import require_current

    require_current(settings.store_path)
    return Records(settings.store_path, open_keyring(settings))


@click.group()
def audit() -> None:
    """Search the records, show one, verify proofs and the whole log."""


@audit.command(context_settings={"ignore_unknown_options": True})
@click.argument("terms", nargs=-1, type=click.UNPROCESSED)
@config_option
@json_option
@click.option("--after", default=None, help="Cursor of the page before.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500), help="Records in a page.")
@exits
def search(terms: tuple[str, ...], config: Path, as_json: bool, after: str | None, limit: int) -> None:
    """Find records, newest first: key:value terms, all of which must hold.

    Keys: flow tenant user application grade decision status from to provider model entity rule category parent since until.
    A - before a term negates it; grade>=L3 compares.
    """
    page = open_records(load_settings(config)).find(" ".join(terms), after, limit)
    if as_json:
        for record in page.records:
            click.echo(orjson.dumps(record))
        if page.next:
            click.echo(orjson.dumps({"next": page.next}), err=True)
        return
    _table([_row(record) for record in page.records])
    if page.next:
        click.echo(f"\nmore: --after {page.next}", err=True)


@audit.command()
@click.argument("flow")
@config_option
@json_option
@click.option(
    "--proof", type=click.Path(path_type=Path, dir_okay=False), help="Write the inclusion proof to this file."
)
@exits
def show(flow: str, config: Path, as_json: bool, proof: Path | None) -> None:
    """Show one record: in plain language, then as it is recorded. Exit status 1 when there is none."""
    from audit.search.story import story_of

    records = open_records(load_settings(config))
    record = records.get(flow)
    if record is None:
        click.echo(f"lexgate: there is no record of flow {flow}", err=True)
        sys.exit(DOES_NOT_HOLD)
    if proof is not None:
        proof.write_bytes(orjson.dumps(records.proof(flow), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    if as_json:
        click.echo(orjson.dumps(record))
        return
    click.echo(story_of(record))
    click.echo("\nThe record:\n")
    click.echo(orjson.dumps(record, option=orjson.OPT_INDENT_2))
    if proof is not None:
        click.echo(f"\nIts inclusion proof is in {proof}. Check it with: lexgate audit verify {proof}")
    else:
        click.echo(f"\nFor its inclusion proof: lexgate audit show {flow} --proof FILE, then lexgate audit verify FILE")


@audit.command()
@click.argument("flow")
@config_option
@json_option
@exits
def trace(flow: str, config: Path, as_json: bool) -> None:
    """Show the chain of a flow: which calls it came from, and which came from it, across applications of its tenant.

    A child carries what its parent's answer said (content), resends the conversation (turn), or names it: declared
    (Lexgate-Parent), span and trace (traceparent), session. Exit status 1 when there is no such flow.
    """
    from audit.search.trace import told

    found = open_records(load_settings(config)).trace(flow)
    if found is None:
        click.echo(f"lexgate: there is no record of flow {flow}", err=True)
        sys.exit(DOES_NOT_HOLD)
    click.echo(orjson.dumps(found) if as_json else told(found))


@audit.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@config_option
@json_option
@click.option(
    "--key", default="", help="Verifier key (name+hash+base64) or a file that holds it; else that of the keys."
)
@exits
def verify(file: Path | None, config: Path, as_json: bool, key: str) -> None:
    """Verify a proof FILE offline; without FILE, the whole log of the configured store."""
    result = _verify_file(file, config, key) if file is not None else _verify_store(config, key)
    if as_json:
        click.echo(orjson.dumps({"ok": result.ok, "steps": result.steps, "problems": result.problems}))
    else:
        for step in result.steps:
            click.echo(f"  holds  {step}")
        for problem in result.problems:
            click.echo(f"  FAILS  {problem}")
        click.echo("It holds." if result.ok else "It does not hold.")
    sys.exit(HOLDS if result.ok else DOES_NOT_HOLD)


@audit.command()
@config_option
@exits
def reindex(config: Path) -> None:
    """Build the search tables anew from the log. The gateway must not be running."""
    from audit.store.reindex import reindex as rebuild

    settings = load_settings(config)
    count = rebuild(settings.store_path, open_keyring(settings))
    click.echo(f"{count} flows indexed")


def _verify_file(file: Path, config: Path, key: str) -> Verification:
    from audit.verify import verify_proof

    try:
        document = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        raise QueryInvalid(str(file), "not JSON") from error
    if not isinstance(document, dict):
        raise QueryInvalid(str(file), "not a proof document")
    return verify_proof(document, _key_text(key) if key else _own_key(config))


def _verify_store(config: Path, key: str) -> Verification:
    from audit.store.inspect import verify_store

    settings = load_settings(config)
    return verify_store(settings.store_path, open_keyring(settings), _key_text(key) if key else "")


def _key_text(key: str) -> str:
    """The verifier key itself, or what the file of that name holds."""
    return key if key.count("+") >= 2 else Path(key).read_text().strip()


def _own_key(config: Path) -> str:
    settings = load_settings(config)
    public = settings.keys_dir / "log.vkey"
    if public.exists():
        return public.read_text().strip()
    return str(open_keyring(settings).verifier_key(settings.log_origin))


def _row(record: dict[str, Any]) -> list[str]:
    found = {**record["pub"], **record["subj"], **{name: record[name] for name in ("time", "flow", "status")}}
    found["time"] = found["time"][:19]
    return [str(found.get(name) or "-") for name in _COLUMNS]


def _table(rows: list[list[str]]) -> None:
    table = [[name.upper() for name in _COLUMNS], *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(_COLUMNS))]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
