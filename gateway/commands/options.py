"""Options that commands share."""

from __future__ import annotations

from pathlib import Path

import click

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("lexgate.yaml"),
    show_default=True,
    help="The configuration file.",
)
