"""The parts of the documentation that are made from the code, so that they cannot drift from it.

`python -m docs.reference` rewrites them in place; tests/test_docs.py compares. A made part stands between
`<!-- made: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import json
import re
import types
import typing
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

HERE = Path(__file__).resolve().parent
PART = re.compile(r"(<!-- made: (?P<name>[a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)


# --- settings -----------------------------------------------------------------------------------------------------


def settings() -> str:
    """Every option of lexgate.yaml, section by section."""
    from gateway.settings import Settings

    top = [(key, field) for key, field in Settings.model_fields.items() if _section(field) is None]
    parts = ["### Top level", "", *_table([(key, field) for key, field in top])]
    for key, field in Settings.model_fields.items():
        model = _section(field)
        if model is not None:
            many = _is_list(field)
            name = f"{key}[]" if many else key
            parts += ["", f"### `{name}`", "", _sentence(model.__doc__ or ""), ""]
            parts += _table([(f"{name}.{_alias(inner, info)}", info) for inner, info in model.model_fields.items()])
    return "\n".join(parts) + "\n"


def option_names() -> Iterator[str]:
    """Every option's dotted name, e.g. `limits.body_bytes`, `providers[].name`."""
    from gateway.settings import Settings

    for key, field in Settings.model_fields.items():
        model = _section(field)
        if model is None:
            yield key
        else:
            prefix = f"{key}[]" if _is_list(field) else key
            yield from (f"{prefix}.{_alias(inner, info)}" for inner, info in model.model_fields.items())


def _table(rows: list[tuple[str, FieldInfo]]) -> list[str]:
    lines = ["| option | type | default | meaning |", "|---|---|---|---|"]
    for name, field in rows:
        default = _default(field)
        lines.append(f"| `{name}` | {_kind(field.annotation)} | {default} | {_cell(field.description or '')} |")
    return lines


def _alias(name: str, field: FieldInfo) -> str:
    return field.alias or name


def _section(field: FieldInfo) -> type[BaseModel] | None:
    """The section model behind a field, also behind a tuple of them."""
    for candidate in (field.annotation, *typing.get_args(field.annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _is_list(field: FieldInfo) -> bool:
    return typing.get_origin(field.annotation) is tuple


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "required"
    value = field.default
    return "`" + json.dumps(list(value) if isinstance(value, tuple) else value, default=str) + "`"


def _kind(annotation: Any) -> str:
    """A type as a reader of YAML would say it."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind(inner[0])
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" for value in inner)
    if origin is dict:
        return f"{_kind(inner[0])} to {_kind(inner[1])}"
    if origin is tuple:
        return f"list of {_kind(inner[0])}"
    if origin is dict:
        return f"mapping of {_kind(inner[0])} to {_kind(inner[1])}"
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(_kind(each) for each in inner)
    names = {str: "text", int: "integer", float: "number", bool: "true/false", type(None): "null", date: "date"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _sentence(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _sentence(text).replace("|", "\\|")


# --- command line -------------------------------------------------------------------------------------------------


def cli() -> str:
    """`--help` of every command, word for word."""
    from gateway.__main__ import lexgate

    return "\n".join(f"### `{name}`\n\n```\n{text}\n```\n" for name, text in help_texts(lexgate, "lexgate"))


def help_texts(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[tuple[str, str]]:
    """(`lexgate audit show`, its help) of every command that is not hidden."""
    context = click.Context(
        command, info_name=name.rpartition(" ")[2], parent=parent, max_content_width=100, terminal_width=100
    )
    yield name, command.get_help(context).rstrip()
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            child = command.get_command(context, inner)
            if child is not None and not child.hidden:
                yield from help_texts(child, f"{name} {inner}", context)


# --- metrics and errors -------------------------------------------------------------------------------------------


def metrics() -> str:
    """Every figure that data workers move."""
    from gateway.telemetry.metrics import FAMILIES

    lines = ["| metric | kind | labels | meaning |", "|---|---|---|---|"]
    for name, family in FAMILIES.items():
        shown = f"{name}_total" if family.kind == "counter" else name
        labels = ", ".join(f"`{label}`" for label in family.labels) or "–"
        lines.append(f"| `{shown}` | {family.kind} | {labels} | {_cell(family.help)} |")
    return "\n".join(lines) + "\n"


def errors() -> str:
    """Every error that a caller can see."""
    from gateway import errors as tree

    lines = ["| status | code | name |", "|---|---|---|"]
    found = [kind for kind in vars(tree).values() if isinstance(kind, type) and issubclass(kind, tree.LexgateError)]
    visible = [kind for kind in found if kind is not tree.ConfigurationError]
    lines += [
        f"| {kind.status} | `{kind.code}` | {kind.__name__} |" for kind in sorted(visible, key=lambda kind: kind.status)
    ]
    return "\n".join(lines) + "\n"


# --- detectors and policy packs -----------------------------------------------------------------------------------


def detectors() -> str:
    """Every label of the pattern tier with the recognisers behind it."""
    from gateway.inspection.shipped import RECOGNIZERS

    by_label: dict[str, list[str]] = {}
    for each in RECOGNIZERS:
        by_label.setdefault(each.label, []).append(f"`{each.name}`")
    lines = ["| label | recognisers |", "|---|---|"]
    lines += [f"| `{label}` | {', '.join(names)} |" for label, names in sorted(by_label.items())]
    return "\n".join(lines) + "\n"


def recognizers() -> str:
    """Every recogniser of the pattern tier: what it finds, in the words of its own file."""
    import importlib
    import pkgutil

    from gateway.inspection import recognizers as package

    lines = ["| recogniser | label | finds |", "|---|---|---|"]
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda each: each.name):
        file = importlib.import_module(f"{package.__name__}.{module.name}")
        name = f"`{file.RECOGNIZER.name}`" + (" (guarded)" if file.RECOGNIZER.guarded else "")
        summary = (file.__doc__ or "").split("\n\n")[0]
        lines.append(f"| {name} | `{file.RECOGNIZER.label}` | {_cell(summary)} |")
    return "\n".join(lines) + "\n"


def packs() -> str:
    """Which packs the built-in profiles are made of."""
    import policies

    folder = Path(policies.__file__).parent / "packs" / "profiles"
    profiles = {
        file.stem: json.loads(file.read_text())["packs"] for file in sorted(folder.glob("*.json"), reverse=True)
    }
    every = list(dict.fromkeys(pack for packs in profiles.values() for pack in packs))
    lines = [
        "| pack | " + " | ".join(f"`builtin:{name}`" for name in profiles) + " |",
        "|---|" + "---|" * len(profiles),
    ]
    lines += [
        f"| `{pack}` | " + " | ".join("yes" if pack in packs else "–" for packs in profiles.values()) + " |"
        for pack in every
    ]
    return "\n".join(lines) + "\n"


def profiles() -> str:
    """What each profile asks of each kind of output, where the label goes, and how sure each row is."""
    from watermark.profile import KINDS, forms, profiles, sureness

    lines = [
        "| profile | in force | " + " | ".join(KINDS) + " | label off on request |",
        "|---" * (len(KINDS) + 3) + "|",
    ]
    for row in profiles():
        cells = [_rule(row, kind) for kind in KINDS]
        kept = f", kept {row.waiver.keep_months} months" if row.waiver.keep_months else ""
        off = f"yes{kept} ({row.waiver.certainty})" if row.waiver.allowed else f"no ({row.waiver.certainty})"
        until = f" until {row.until}" if row.until else ""
        lines.append(f"| `{row.name}` | {row.since}{until} | " + " | ".join(cells) + f" | {off} |")
    lines += ["", "| kind | the label stands | size |", "|---|---|---|"]
    lines += [f"| {kind} | {forms()[kind]['where']} | {forms()[kind]['size']} |" for kind in KINDS]
    lines += ["", "| certainty | means |", "|---|---|"]
    lines += [f"| `{word}` | {meaning} |" for word, meaning in sureness().items()]
    lines += ["", "Sources and remarks:", ""]
    for row in profiles():
        lines.append(
            f"- `{row.name}` ({row.certainty}). {row.source + '. ' if row.source else ''}{row.note} {row.waiver.note}".rstrip()
        )
        lines += [f"  - {kind}: {row.kinds[kind].note}" for kind in KINDS if row.kinds[kind].note]
    return "\n".join(lines) + "\n"


def _rule(row: Any, kind: Any) -> str:
    """One kind's marks: by law or by our choice, with their own certainty where it differs."""
    rule = row.kinds[kind]
    marks = ", ".join((["explicit"] if rule.explicit else []) + [*rule.implicit]) or "–"
    sure = f", {rule.certainty}" if rule.certainty not in {row.certainty, "choice"} else ""
    return f"{marks} ({rule.duty}{sure})"


MADE: dict[str, Callable[[], str]] = {
    "settings": settings,
    "cli": cli,
    "metrics": metrics,
    "errors": errors,
    "detectors": detectors,
    "recognizers": recognizers,
    "packs": packs,
    "profiles": profiles,
}


def refreshed(text: str) -> str:
    """The page with every made part made anew."""
    return PART.sub(lambda part: part[1] + "\n" + MADE[part["name"]]() + "\n" + part[3], text)


def main() -> None:
    for page in sorted(HERE.rglob("*.md")):
        before = page.read_text(encoding="utf-8")
        after = refreshed(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(page.relative_to(HERE.parent))


if __name__ == "__main__":
    main()
