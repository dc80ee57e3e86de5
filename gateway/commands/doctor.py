"""`lexgate doctor`: says what is wrong with an installation and how to mend it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.commands.options import config_option

if TYPE_CHECKING:
    from gateway.doctor.finding import Finding

_MARKS = {"good": "good    ", "warning": "WARNING ", "problem": "PROBLEM ", "unknown": "UNKNOWN "}


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Write JSON Lines.")
@click.option(
    "--reach", is_flag=True, help="Also connect to every provider, as a call would, and read the keys of issuers."
)
@click.option("--full", is_flag=True, help="Read a store of any size whole.")
def doctor(config: Path, as_json: bool, reach: bool, full: bool) -> None:
    """Look at the installation and say in plain words what is wrong and how to mend it. Changes nothing.

    Exit status 0: nothing hinders operation (there may be warnings); 1: something does; 2: it could not be tried.
    """
    from gateway.configuration.reading import load
    from gateway.doctor.examination import checks, examine
    from gateway.doctor.finding import Level, good, problem
    from gateway.errors import ConfigurationError

    if not config.is_file():
        click.echo(f"lexgate: there is no configuration at {config}; `lexgate init` makes one", err=True)
        sys.exit(2)
    worst = set()
    try:
        settings = load(config)
    except ConfigurationError as error:
        _say(
            problem("configuration", f"{error.message}.", "Mend that line; docs/configuration.md has every option."),
            as_json,
        )
        sys.exit(1)
    _say(good("configuration", f"{config} is understood."), as_json)
    for found in examine(settings, checks(full=full, ask_providers=reach)):
        worst.add(found.level)
        _say(found, as_json)
    sys.exit(1 if Level.PROBLEM in worst else 2 if Level.UNKNOWN in worst else 0)


def _say(found: Finding, as_json: bool) -> None:
    import orjson

    if as_json:
        document = {"check": found.check, "level": found.level.value, "words": found.words}
        click.echo(orjson.dumps(document | ({"remedy": found.remedy} if found.remedy else {})))
        return
    click.echo(f"{_MARKS[found.level.value]}{found.check:<14}{found.words}")
    if found.remedy:
        click.echo(f"{'':<22}{found.remedy}")
