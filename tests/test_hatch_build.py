"""The C extensions are built where that can be done, without a warning; elsewhere the package installs without them."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from hatch_build import EXTENSIONS, CustomBuildHook

ROOT = Path(__file__).parents[1]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what is built, and the folders that it goes to."""
    shutil.copytree(ROOT / "native", tmp_path / "native")
    for module in EXTENSIONS.values():
        (tmp_path / module).parent.mkdir(parents=True, exist_ok=True)
    return tmp_path


def build(tree: Path) -> dict:
    data: dict = {"artifacts": []}
    CustomBuildHook(str(tree), {}, None, None, str(tree), "wheel").initialize("standard", data)
    return data


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not here")
def test_every_extension_is_built_without_a_warning_and_can_be_imported(tree, monkeypatch) -> None:
    monkeypatch.setenv("CC", "gcc -Werror")
    data = build(tree)
    assert len(data["artifacts"]) == len(EXTENSIONS)
    assert data["infer_tag"]
    for module, artifact in zip(EXTENSIONS.values(), data["artifacts"], strict=True):
        spec = importlib.util.spec_from_file_location(Path(module).name, tree / artifact)
        assert spec is not None
        assert importlib.util.module_from_spec(spec).__file__ == str(tree / artifact)


def test_without_a_compiler_nothing_is_built(tree, monkeypatch, capfd) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    assert build(tree) == {"artifacts": []}
    assert "no-such-compiler" in "".join(capfd.readouterr())
    assert list(tree.rglob("*.so")) == []


def test_without_headers_nothing_is_built(tree, monkeypatch) -> None:
    monkeypatch.setattr("hatch_build.sysconfig.get_path", lambda _: str(tree))
    assert build(tree) == {"artifacts": []}


def test_pure_builds_nothing(tree, monkeypatch) -> None:
    monkeypatch.setenv("LEXGATE_PURE", "1")
    assert build(tree) == {"artifacts": []}
