"""`lexgate policy`: checks, tests and asks bundles without a running gateway."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import orjson

from gateway.commands.options import config_option
from policies import cases, suite
from policies.bundle import BUILTIN, Bundle, load
from policies.check import check as problems_of
from policies.decision import Decision
from policies.engine import Engine
from policies.errors import BundleInvalid, PolicyFailed

HOLDS, DOES_NOT_HOLD, NOT_TRIED = 0, 1, 2

_JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON Lines.")
_BUNDLE = click.option("--bundle", default=None, help="builtin:strict, builtin:lawful, a folder or a bundle archive.")


@click.group()
def policy() -> None:
    """Check, test and ask policy bundles. Exit code 0 holds, 1 does not hold, 2 could not be tried."""


@policy.command()
@click.argument("path")
@config_option
@_JSON
def check(path: str, config: Path, as_json: bool) -> None:
    """Whether the bundle at PATH may be used: compiles, answers in the right shape, ends in time, bans nothing."""
    del config  # PATH says it all; the option is there because every command takes it
    with _bundle_errors(path, as_json):
        bundle = load(path)
        problems = problems_of(bundle)
    for problem in problems:
        _say(as_json, {"file": problem.file, "line": problem.line, "message": problem.message}, str(problem))
    summary = f"{path}: {len(problems)} problem(s)" if problems else f"{path}: holds, {_described(bundle)}"
    _say(as_json, {"path": path, "digest": bundle.digest, "problems": len(problems)}, summary)
    sys.exit(DOES_NOT_HOLD if problems else HOLDS)


@policy.command()
@click.argument("path")
@config_option
@_JSON
def test(path: str, config: Path, as_json: bool) -> None:
    """Runs the test_* rules of the bundle at PATH and prints those that fail."""
    del config
    with _bundle_errors(path, as_json):
        bundle = load(path)
        results = list(suite.run(bundle))
    for result in results:
        if as_json or not result.passed:
            fact = {"test": result.name, "file": result.file, "line": result.line, "passed": result.passed}
            _say(
                as_json,
                {**fact, "reason": result.reason},
                f"{result.file}:{result.line}: {result.name}: {result.reason}",
            )
    failed = sum(not result.passed for result in results)
    if not as_json:
        click.echo(f"{path}: {len(results) - failed} of {len(results)} tests passed")
    sys.exit(NOT_TRIED if not results else DOES_NOT_HOLD if failed else HOLDS)


@policy.command()
@_BUNDLE
@click.option("--input", "source", default="-", show_default=True, help="A lexgate/input@1 document; - is stdin.")
@config_option
@_JSON
def decide(bundle: str | None, source: str, config: Path, as_json: bool) -> None:
    """Decides one input document; nothing is counted. Exit code 0: may go as it is; 1: may not; 2: no decision."""
    with _bundle_errors(bundle or str(config), as_json):
        engine = Engine(load(bundle or _configured(config)))
    try:
        decision = engine.decide(orjson.loads(_read(source)))
    except (PolicyFailed, orjson.JSONDecodeError) as error:
        click.echo(f"no decision: {error}", err=True)
        sys.exit(NOT_TRIED)
    if as_json:
        click.echo(orjson.dumps(decision.as_dict()).decode())
    else:
        _print_decision(decision)
    sys.exit(HOLDS if decision.unmodified else DOES_NOT_HOLD)


@policy.command("cases")
@click.argument("file")
@_BUNDLE
@config_option
@_JSON
def cases_(file: str, bundle: str | None, config: Path, as_json: bool) -> None:
    """Decides the compliance cases of FILE (JSON Lines) and compares. The bundle defaults to builtin:lawful."""
    del config
    with _bundle_errors(bundle or "", as_json):
        loaded = load(bundle or BUILTIN + "lawful")
        engine = Engine(loaded)
    try:
        read = list(cases.read(_read(file).splitlines()))
    except ValueError as error:
        click.echo(f"{file}: {error}", err=True)
        sys.exit(NOT_TRIED)
    verdicts = [cases.judge(engine, case, cases.eea(loaded)) for case in read]
    for verdict in verdicts:
        if as_json or verdict.problems:
            fact = {"id": verdict.case.id, "passed": not verdict.problems, "problems": list(verdict.problems)}
            decided = verdict.decision.as_dict() if verdict.decision else None
            text = f"{verdict.case.id} {verdict.case.title}: {'; '.join(verdict.problems)}"
            _say(as_json, {**fact, "decision": decided}, text)
    failed = sum(bool(verdict.problems) for verdict in verdicts)
    if not as_json:
        click.echo(f"{file}: {len(verdicts) - failed} of {len(verdicts)} cases decided as expected")
    sys.exit(NOT_TRIED if not verdicts else DOES_NOT_HOLD if failed else HOLDS)


@contextmanager
def _bundle_errors(path: str, as_json: bool) -> Iterator[None]:
    """A bundle that is there and wrong does not hold; one that is not there could not be tried."""
    try:
        yield
    except BundleInvalid as error:
        _say(as_json, {"file": error.file, "line": error.line, "message": error.reason}, str(error))
        there = path.startswith(BUILTIN) is False and Path(path).exists()
        sys.exit(DOES_NOT_HOLD if there else NOT_TRIED)


def _configured(config: Path) -> str:
    """The bundle that lexgate.yaml names; builtin:strict, the default, where there is no such file."""
    if not config.exists():
        return BUILTIN + "strict"
    from gateway.configuration.reading import load as load_settings
    from gateway.errors import ConfigurationError

    try:
        return str(load_settings(config).policies.bundle)
    except ConfigurationError as error:
        click.echo(f"{config}: {error}", err=True)
        sys.exit(NOT_TRIED)


def _read(source: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        click.echo(f"{source}: {error.strerror}", err=True)
        sys.exit(NOT_TRIED)


def _described(bundle: Bundle) -> str:
    revision = f", revision {bundle.revision}" if bundle.revision else ""
    return f"{len(bundle.modules)} modules, {len(bundle.tests)} test files, {bundle.digest}{revision}"


def _print_decision(decision: Decision) -> None:
    click.echo(f"decision     {decision.action}")
    click.echo(f"obligations  {', '.join(decision.obligations) or 'none'}")
    for name, value in (("redact", ", ".join(f"{k}: {v}" for k, v in decision.redact.items())),
                        ("route", ", ".join(decision.route)), ("labels", ", ".join(decision.labels)),
                        ("tier", decision.tier), ("mechanism", decision.mechanism)):  # fmt: skip
        if value:
            click.echo(f"{name:<12} {value}")
    click.echo(f"bundle       {decision.bundle}")
    for rule in decision.rules:
        click.echo(f"- {rule.id} [{rule.effect}] {rule.message}\n  citation: {rule.citation}\n  remedy: {rule.remedy}")


def _say(as_json: bool, fact: dict[str, Any], text: str) -> None:
    click.echo(orjson.dumps(fact).decode() if as_json else text)


if __name__ == "__main__":
    policy()
