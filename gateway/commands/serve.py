"""`lexgate serve`: the gateway with your own configuration. And the hidden commands that its processes are."""

from __future__ import annotations

import gc
import signal
import sys
from pathlib import Path

import click

from gateway.commands.options import config_option
from gateway.processes.parent import die_with_parent


@click.command()
@config_option
@click.option("--check", is_flag=True, help="Read and check the configuration, then end.")
def serve(config: Path, check: bool) -> None:
    """Run the gateway until Ctrl-C or SIGTERM; SIGHUP reloads the configuration."""
    from gateway.processes.opening import opened

    begun = None if check else opened()  # it imports beside us
    gc.disable()  # what is imported stays
    import asyncio

    from gateway.configuration.reading import load
    from gateway.errors import ConfigurationError, Unavailable
    from gateway.processes.births import Nursery
    from gateway.supervisor import Supervisor
    from gateway.telemetry import logs

    gc.freeze()
    gc.enable()
    nursery = Nursery(*begun) if begun is not None else None
    logs.configure("supervisor")
    try:
        settings = load(config)
        if check:
            click.echo(f"{config}: good")
            return
        asyncio.run(Supervisor(config, settings, nursery).run())
    except (ConfigurationError, Unavailable) as error:
        raise click.ClickException(error.message) from None
    finally:
        if nursery is not None:
            nursery.close()


effective_argument = click.argument("effective", type=click.Path(path_type=Path, exists=True))


@click.command("process-nursery", hidden=True)
@click.argument("door", type=int)
@click.argument("room", default="")
def process_nursery(door: int, room: str) -> None:
    """Where the others are forked. `room` is for the names of the children."""
    del room
    die_with_parent()
    gc.disable()  # what is imported stays: a collection would find nothing and touch every page
    import socket

    from gateway.__main__ import lexgate
    from gateway.processes.nursery import FIRST, import_for, next_child, rename

    rename((sys.executable, "-m", "gateway", "process-nursery"))
    import_for(FIRST)  # while the supervisor reads its configuration
    lexgate(next_child(socket.socket(fileno=door)), prog_name="lexgate")


@click.command("process-writer", hidden=True)
@effective_argument
def process_writer(effective: Path) -> None:
    """The log writer."""
    die_with_parent(signal.SIGTERM)
    from gateway.processes.writer import main

    main(effective)


@click.command("process-inspector", hidden=True)
@effective_argument
@click.argument("index", type=int)
def process_inspector(effective: Path, index: int) -> None:
    """An inspector."""
    die_with_parent()
    from gateway.processes.inspector import main

    main(effective, index)


@click.command("process-marker", hidden=True)
@effective_argument
@click.argument("name")
@click.argument("turns", type=int)
def process_marker(effective: Path, name: str, turns: int) -> None:
    """A marking worker."""
    die_with_parent()
    from gateway.processes.marker import main

    main(effective, name, turns)


@click.command("process-check-own", hidden=True)
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def process_check_own(folder: Path) -> None:
    """Checks staged detectors of the organisation's own."""
    die_with_parent()
    from gateway.errors import ConfigurationError
    from gateway.inspection.own.folder import check

    try:
        check(folder)
    except ConfigurationError as problem:
        click.echo(problem.message)
        raise SystemExit(1) from None


@click.command("process-extractor", hidden=True)
@effective_argument
@click.argument("index", type=int)
def process_extractor(effective: Path, index: int) -> None:
    """An extractor."""
    die_with_parent()
    from gateway.processes.extractor import main

    main(effective, index)


@click.command("process-worker", hidden=True)
@effective_argument
@click.argument("slot", type=int)
@click.argument("listener", type=int)
def process_worker(effective: Path, slot: int, listener: int) -> None:
    """A data worker."""
    die_with_parent()
    from gateway.processes.worker import main

    main(effective, slot, listener)


@click.command("process-control", hidden=True)
@effective_argument
@click.argument("listener", type=int)
def process_control(effective: Path, listener: int) -> None:
    """The control process."""
    die_with_parent()
    from gateway.processes.control import main

    main(effective, listener)


PROCESSES = (
    process_nursery,
    process_writer,
    process_inspector,
    process_marker,
    process_extractor,
    process_check_own,
    process_worker,
    process_control,
)
