"""`lexgate bench untouched`: how many ordinary texts reach the model exactly as they were sent."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import orjson

from gateway.errors import LexgateError
from gateway.flow import CLASS, Classification, Finding, PartKind
from gateway.inspection.classifier import classify
from gateway.inspection.engine import Engine
from gateway.inspection.figures import without_figures
from gateway.inspection.steps import finished
from gateway.inspection.subjects import subject_key
from policies import samples
from policies.bundle import load
from policies.engine import Engine as Policies
from policies.errors import PolicyError

_CANNOT = 2
_ABROAD = "US"
_HOME = {"zh": "CN"}


@dataclass(frozen=True, slots=True)
class Ordinary:
    """A text that holds nobody's data, and what it is an example of."""

    text: str
    lang: str
    kind: str


@click.command("untouched")
@click.argument("data", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--bundle", default="builtin:strict", show_default=True, help="builtin:NAME, a folder or a bundle archive."
)
@click.option("--names/--no-names", default=True, help="With or without the names model.")
@click.option("--figures/--no-figures", default=True, help="Leave alone names that everybody knows.")
@click.option("--show", is_flag=True, help="Print the texts that were touched: only with texts of your own.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def untouched(data: tuple[Path, ...], bundle: str, names: bool, figures: bool, show: bool, as_json: bool) -> None:
    """Inspect and decide ordinary texts, each sent across a border, and print how many are left wholly as they are.

    DATA are JSONL files of {"text", "lang"?, "kind"?}. Chinese texts go from China to the United States, others from
    Germany. Exit code 0: measured; 2: could not be tried.
    """
    try:
        engine, policies = Engine(names=names), Policies(load(bundle))
        rows = [row for path in data for row in _rows(path)]
        touched = [found for row in rows if (found := _touched(row, engine, policies, figures)) is not None]
    except (LexgateError, PolicyError, OSError, ValueError) as problem:
        click.echo(f"lexgate bench untouched: {problem}", err=True)
        sys.exit(_CANNOT)
    click.echo(orjson.dumps(_figures(rows, touched)) if as_json else _table(rows, touched))
    if show:
        for row, findings in touched:
            labels = ", ".join(f"{each.span.label} {each.value!r} {each.span.score}" for each in findings)
            click.echo(f"{row.lang} {row.kind}: {row.text!r}: {labels}")


def _rows(path: Path) -> Iterator[Ordinary]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip():
            try:
                row = orjson.loads(line)
                yield Ordinary(str(row["text"]), str(row.get("lang") or ""), str(row.get("kind") or ""))
            except (ValueError, TypeError, KeyError) as problem:
                raise ValueError(f"line {number} of {path.name} is not an object with a text") from problem


Touched = tuple[Ordinary, Sequence[Finding]]


def _touched(row: Ordinary, engine: Engine, policies: Policies, figures: bool) -> Touched | None:
    """The text with its findings, if anything but its own bytes would be sent; None if not."""
    [(spans, classes)] = finished(engine.seen([row.text], row.lang))
    found: Sequence[Finding] = [
        Finding((), PartKind.TEXT, span, value, subject_key(bytes(32), "", span.label, value))
        for span in (*spans, *classes)
        if (value := row.text[span.start : span.end]) or span.label == CLASS
    ]
    found = without_figures(found) if figures else found
    decision = policies.decide(_document(row.lang, classify(found)))
    return None if decision.unmodified else (row, found)


def _document(lang: str, content: Classification) -> dict[str, Any]:
    """A call from home to another country that is neutral but for its content."""
    home = _HOME.get(lang, "DE")
    counts = {name: len(keys) for name, keys in content.subjects.items()}
    changes = {
        "caller": {"country": home},
        "organisation": {"country": home},
        "destination": {"country": _ABROAD},
        "data": {
            "grade": content.grade,
            "categories": sorted(content.categories),
            "entities": dict(content.entities),
            "subjects": counts,
            "new_subjects": counts,
        },
    }
    return samples.changed(samples.neutral(), changes)


def _figures(rows: Sequence[Ordinary], touched: Sequence[Touched]) -> dict[str, Any]:
    every = Counter((row.lang, row.kind) for row in rows)
    changed = Counter((row.lang, row.kind) for row, _ in touched)
    shares = [
        {"lang": lang, "kind": kind, "texts": count, "untouched": count - changed[lang, kind]}
        for (lang, kind), count in sorted(every.items())
    ]
    return {"texts": len(rows), "untouched": len(rows) - len(touched), "kinds": shares}


def _table(rows: Sequence[Ordinary], touched: Sequence[Touched]) -> str:
    figures = _figures(rows, touched)
    lines = ["| texts | number | untouched |", "|---|---|---|"]
    for each in figures["kinds"]:
        share = each["untouched"] / each["texts"]
        lines.append(f"| {each['lang']} {each['kind']} | {each['texts']} | {share:.1%} |")
    lines.append(f"| all | {len(rows)} | {figures['untouched'] / max(1, len(rows)):.1%} |")
    return "\n".join(lines)
