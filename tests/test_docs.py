"""The documentation is held against the code: what is undocumented, made by hand where it is made, or gone, fails here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from docs import reference

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "deploy" / "README.md"])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", [page for page in PAGES if "<!-- made:" in page.read_text()], ids=_name)
def test_made_parts_are_what_the_code_makes(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert reference.refreshed(text) == text, "stale: run `python -m docs.reference`"


def test_every_made_part_stands_somewhere() -> None:
    placed = {match["name"] for page in PAGES for match in reference.PART.finditer(page.read_text())}
    assert placed == set(reference.MADE)


def test_every_option_is_documented_with_its_meaning() -> None:
    page = (DOCS / "configuration.md").read_text()
    rows = dict(re.findall(r"^\| `([^`]+)` \| [^|]+ \| [^|]+ \| (.*) \|$", page, re.MULTILINE))
    options = set(reference.option_names())
    assert options == rows.keys()
    obvious = {"applications[].name", "principals[].application", "principals[].user", "principals[].key_sha256"}
    obvious |= {
        "operators[].name",
        "operators[].roles",
        "operators[].key_sha256",
        "transfers[].tenant",
        "transfers[].from",
        "transfers[].valid_until",
    }
    assert {name for name, meaning in rows.items() if not meaning.strip()} <= obvious


def test_every_command_is_documented_word_for_word() -> None:
    from gateway.__main__ import lexgate

    page = (DOCS / "cli.md").read_text()
    for name, text in reference.help_texts(lexgate, "lexgate"):
        assert f"### `{name}`\n\n```\n{text}\n```" in page, name


def test_every_metric_is_documented() -> None:
    from gateway.telemetry.metrics import FAMILIES

    page = (DOCS / "operations.md").read_text()
    assert [name for name in FAMILIES if f"`{name}" not in page] == []


def test_every_metric_that_the_prose_names_exists() -> None:
    from gateway import errors
    from gateway.telemetry.metrics import FAMILIES

    named = set(re.findall(r"`(lexgate_[a-z_]+)`", (DOCS / "operations.md").read_text()))
    codes = {
        kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.LexgateError)
    }
    assert {name for name in named - codes if name.removesuffix("_total") not in FAMILIES} == set()


def test_the_steps_are_documented_in_their_order() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", (DOCS / "architecture.md").read_text(), re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 13))
    documented = [name for _, name in rows]
    files = {path.stem for path in (ROOT / "gateway" / "steps").glob("*.py")} - {"__init__"}
    assert set(documented) == files
    tree = ast.parse((ROOT / "gateway" / "pipeline.py").read_text())
    ordered = [
        element.id
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Tuple)
        for element in node.value.elts
        if isinstance(element, ast.Name)
    ]
    assert [name for name in documented if name in ordered] == ordered


def _links(page: Path) -> Iterator[str]:
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    yield from LINK.findall(prose)


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in _links(page):
        if link.startswith("https://"):
            continue
        target, _, anchor = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), link
        assert file.is_relative_to(ROOT), link
        assert not anchor or anchor in _anchors(file), link


def test_commands_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", makefile, re.MULTILINE))
    readme = (ROOT / "README.md").read_text()
    used = set(re.findall(r"(?:^|`)make ([a-z]+)", readme, re.MULTILINE))
    assert used
    assert used <= targets


def test_lexgate_commands_in_the_documentation_exist() -> None:
    from gateway.__main__ import lexgate

    known = {name.removeprefix("lexgate ") for name, _ in reference.help_texts(lexgate, "lexgate")}
    for page in PAGES:
        if page.name == "CHANGELOG.md":
            continue
        for block in [match.group(2) for match in FENCE.finditer(page.read_text()) if match.group(1) == "sh"]:
            for line in re.findall(r"(?:^|/|\| )lexgate ((?:[a-z]+ ?){1,2})", block, re.MULTILINE):
                words = line.split()
                assert words[0] in known, f"{_name(page)}: lexgate {line}"
                if words[0] == "inspect" and " ".join(words) not in known:
                    words = ["inspect", "file"]  # what a name of a file, or nothing, is short for
                group = any(name.startswith(words[0] + " ") for name in known)
                assert not group or " ".join(words) in known, f"{_name(page)}: lexgate {line}"


def test_yaml_in_the_documentation_is_valid() -> None:
    for page in PAGES:
        for match in FENCE.finditer(page.read_text()):
            if match.group(1) == "yaml":
                assert yaml.safe_load(match.group(2)), _name(page)


def test_outputs_in_the_readme_are_filled_in() -> None:
    readme = (ROOT / "README.md").read_text()
    empty = re.findall(r"<!-- output: ([^>]*) -->\n```text\n```", readme)
    assert empty == []


def test_decisions_are_numbered_once_and_say_their_status() -> None:
    records = sorted((DOCS / "adr").glob("[0-9]*.md"))
    numbers = [path.name[:4] for path in records]
    assert len(numbers) == len(set(numbers))
    for path in records:
        text = path.read_text()
        assert text.startswith(f"# {path.name[:4]}: "), path.name
        assert re.search(r"\bStatus: ", text), path.name


def test_nothing_names_a_place_outside_the_project() -> None:
    for page in PAGES:
        assert not re.search(r"(?<![\w.])/(work|root)/|\.\./shared", page.read_text()), _name(page)
