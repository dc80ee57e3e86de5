"""`lexgate bench`: measures a part of the product on data of yours."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import orjson

from gateway.commands.untouched import untouched
from gateway.errors import LexgateError
from gateway.flow import Span
from gateway.inspection.engine import Engine
from gateway.inspection.evaluation import Example, Score, by_language, read

_CANNOT = 2
_FIGURES = ("gold", "precision", "recall", "f2", "leakage", "false_per_kb")
_HEADS = ("label", "system", "gold", "precision", "recall", "F2", "leakage", "false/KB", "CPU ms/KB")
_WARMING = "Dear John Smith, call 555-123-4567."

System = Callable[[Example], Sequence[Span]]


@click.group("bench")
def bench() -> None:
    """Measure a part of the product."""


bench.add_command(untouched)


@bench.command("inspect")
@click.argument("data", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write all figures here too."
)
@click.option("--names/--no-names", default=True, help="With or without the names model.")
@click.option("--presidio/--no-presidio", default=None, help="Beside Presidio's defaults. [default: if installed]")
@click.option("--limit", type=click.IntRange(1), help="Only so many rows of each file.")
@click.option("--labels/--no-labels", default=True, help="A line for each label, or one for each file.")
@click.option(
    "--misses", type=click.IntRange(0), default=0, help="Show so many values of each file that were missed most."
)
def inspect(
    data: tuple[Path, ...],
    json_file: Path | None,
    names: bool,
    presidio: bool | None,
    limit: int | None,
    labels: bool,
    misses: int,
) -> None:
    """Inspect labelled texts and print how right the findings are.

    DATA are JSONL files of {"text", "spans": [{"start", "end", "label"}], "lang"?}, offsets in code points. Prints a
    table (Markdown). Exit code 0: measured; 2: could not be tried.
    """
    try:
        systems = dict(_systems(names, presidio))
        figures: dict[str, Any] = {}
        missed: dict[str, Counter[tuple[str, str]]] = {}
        for path in data:
            scores = _measured(path.name, read(path)[:limit], systems)
            figures |= {part: {system: each.figures() for system, each in row.items()} for part, row in scores.items()}
            missed[path.name] = scores[path.name][next(iter(systems))].missed
    except (LexgateError, OSError, ValueError) as problem:
        click.echo(f"lexgate bench inspect: {problem}", err=True)
        sys.exit(_CANNOT)
    click.echo(_table(figures, labels))
    if misses:
        click.echo(_missed(missed, misses))
    if json_file:
        json_file.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n")


def _systems(names: bool, presidio: bool | None) -> Iterator[tuple[str, System]]:
    engine = Engine(names=names)
    yield "lexgate", lambda example: engine.inspect(example.text, example.lang)
    if presidio is False:
        return
    if not importlib.util.find_spec("presidio_analyzer"):
        if presidio:
            raise ValueError("Presidio is not installed; install the extra `presidio`")
        return
    from gateway.inspection.presidio_baseline import MODELS, PresidioDefaults, installed_model

    model = installed_model()
    if model:
        defaults = PresidioDefaults(model)
        yield f"presidio ({model})", lambda example: defaults.inspect(example.text)
    elif presidio:
        raise ValueError(f"Presidio needs an English spaCy model; install one of {', '.join(MODELS)}")


def _measured(name: str, examples: Sequence[Example], systems: Mapping[str, System]) -> dict[str, dict[str, Score]]:
    """Scores by file (and language), then by system. Each text is a call of its own, as on the path."""
    found: dict[str, list[tuple[Sequence[Span], float]]] = {}
    for system, inspected in systems.items():
        inspected(Example(_WARMING, (), "en"))  # what is loaded on first use is not the texts' doing
        found[system] = [_timed(inspected, example) for example in examples]
    places = {id(example): number for number, example in enumerate(examples)}
    out: dict[str, dict[str, Score]] = {}
    for lang, part in by_language(examples):
        out[f"{name} {lang}".strip()] = {
            system: _scored(part, [results[places[id(each)]] for each in part]) for system, results in found.items()
        }
    return out


def _timed(inspected: System, example: Example) -> tuple[Sequence[Span], float]:
    begin = time.process_time()
    return inspected(example), time.process_time() - begin


def _scored(examples: Sequence[Example], results: Sequence[tuple[Sequence[Span], float]]) -> Score:
    score = Score()
    for example, (spans, cpu) in zip(examples, results, strict=True):
        score.add(example, spans, cpu)
    return score


def _missed(missed: Mapping[str, Counter[tuple[str, str]]], most: int) -> str:
    """Markdown: for each file what Lexgate missed most often. The values are those of the labelled data."""
    lines: list[str] = []
    for name, values in missed.items():
        lines += [
            "",
            f"### {name}: missed {values.total()}, {len(values)} different",
            "",
            "| label | value | times |",
            "|---|---|---|",
        ]
        ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
        lines += [f"| `{label}` | {' '.join(value.split())} | {times} |" for (label, value), times in ordered[:most]]
    return "\n".join(lines)


def _table(figures: Mapping[str, Any], labels: bool) -> str:
    """Markdown: one table for each file, or one line for each file where labels are left out."""
    lines: list[str] = []
    for name, systems in figures.items():
        first = next(iter(systems.values()))
        title = f"{name}: {first['rows']} texts, {first['kilobytes']} KB"
        if labels or not lines:
            lines += ["", f"### {title}", ""] if labels else [""]
            lines += ["| " + " | ".join(_HEADS if labels else ("data", *_HEADS[1:])) + " |", "|---" * len(_HEADS) + "|"]
        lines += _lines("all" if labels else title, systems, None)
        if labels:
            for label in {each: None for system in systems.values() for each in system["labels"]}:
                lines += _lines(f"`{label}`", systems, label)
    return "\n".join(lines).strip()


def _lines(title: str, systems: Mapping[str, Any], label: str | None) -> Iterator[str]:
    for system, figures in systems.items():
        row = figures["labels"].get(label) if label else figures["all"]
        if row:
            speed = "" if label else _shown(figures["cpu_ms_per_kb"])
            yield "| " + " | ".join((title, system, *(_shown(row[each]) for each in _FIGURES), speed)) + " |"


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}" if value < 1 else f"{value:.2f}"
