"""The command line `lexgate`. Commands are loaded when they are used, so that each starts fast.

Exit codes of checks: 0 it holds, 1 it does not hold, 2 it could not be tried.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType

import click

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "run": "gateway.commands.run:run",
        "init": "gateway.commands.init:init",
        "serve": "gateway.commands.serve:serve",
        "doctor": "gateway.commands.doctor:doctor",
        "key": "gateway.commands.key:key",
        "inspect": "gateway.commands.inspect:inspect",
        "bench": "gateway.commands.bench:bench",
        "policy": "gateway.commands.policy:policy",
        "audit": "gateway.commands.audit:audit",
        "content": "gateway.commands.content:content",
        "backup": "gateway.commands.backup:backup",
        "restore": "gateway.commands.backup:restore",
        "migrate": "gateway.commands.backup:migrate",
        "process-nursery": "gateway.commands.serve:process_nursery",
        "process-writer": "gateway.commands.serve:process_writer",
        "process-inspector": "gateway.commands.serve:process_inspector",
        "process-marker": "gateway.commands.serve:process_marker",
        "process-check-own": "gateway.commands.serve:process_check_own",
        "process-extractor": "gateway.commands.serve:process_extractor",
        "process-worker": "gateway.commands.serve:process_worker",
        "process-control": "gateway.commands.serve:process_control",
    }
)


class LazyGroup(click.Group):
    """A group whose commands are imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if not name.startswith("process-")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=LazyGroup)
@click.version_option(package_name="lexgate", prog_name="lexgate")
def lexgate() -> None:
    """Lexgate: where an organisation's tokens pass. Inspects, decides, redacts, labels, meters, records."""


def main() -> None:
    """Entry point of the `lexgate` command."""
    lexgate(prog_name="lexgate")


if __name__ == "__main__":
    main()
