"""Bundles come from strangers: sizes, names, links and nesting are checked before anything is parsed."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import archive
from policies.bundle import assemble, builtin_names, digest, load
from policies.engine import Engine
from policies.errors import BundleInvalid
from policies.samples import neutral

REGO = b'package lexgate\n\ndecision := {"schema": "lexgate/decision@1", "hits": []}\n'


def packed(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    with tarfile.open(path, "w:gz") as archive_:
        for info, content in members:
            info.size = len(content) if info.isreg() else 0
            archive_.addfile(info, io.BytesIO(content))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def test_a_folder_and_its_archive_are_the_same_bundle(tmp_path: Path):
    folder = tmp_path / "mine"
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "main.rego").write_bytes(REGO)
    (folder / "data.json").write_text('{"limit": 3}')
    (folder / ".manifest").write_text('{"revision": "7", "roots": [""], "rego_version": 1}')
    (folder / "README.md").write_text("not part of it")
    files = [(member(f"./{p.relative_to(folder)}"), p.read_bytes()) for p in folder.rglob("*") if p.is_file()]
    from_folder, from_archive = load(folder), load(packed(tmp_path / "mine.tar.gz", files))
    assert from_folder.digest == from_archive.digest
    assert (from_archive.revision, from_archive.data) == ("7", {"limit": 3})
    assert Engine(from_archive).decide(neutral()).action == "allow"


@pytest.mark.parametrize("name", ["builtin:strict", "builtin:lawful"])
def test_a_built_in_bundle_lives_on_as_a_folder(tmp_path: Path, name: str):
    bundle = load(name)
    for path, content in bundle.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert load(tmp_path).digest == bundle.digest


def test_data_is_mounted_where_its_folder_says():
    bundle = assemble(
        "t", {"a.rego": REGO, "law/cn/data.json": b'{"x": 1}', "law/data.json": b'{"y": 2}', "data.json": b"{}"}
    )
    assert bundle.data == {"law": {"y": 2, "cn": {"x": 1}}}


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([(member("../out.rego"), REGO)], "leaves the bundle"),
        ([(member("/etc/out.rego"), REGO)], "leaves the bundle"),
        ([(member("a/../../out.rego"), REGO)], "leaves the bundle"),
        ([(member("a\\b.rego"), REGO)], "leaves the bundle"),
        ([(member("a.rego", tarfile.SYMTYPE, "/etc/passwd"), b"")], "a link"),
        ([(member("a.rego", tarfile.LNKTYPE, "b.rego"), b"")], "a link"),
        ([(member("a.rego", tarfile.FIFOTYPE), b"")], "not a regular file"),
        ([(member("a.rego", tarfile.CHRTYPE), b"")], "not a regular file"),
        ([(member("/".join("a" * 20) + ".rego"), REGO)], "nested deeper"),
        ([(member("data.yaml"), b"a: 1"), (member("a.rego"), REGO)], "YAML"),
        ([(member("a.rego"), b" " * (archive.MAX_FILE_BYTES + 1))], "larger than"),
        ([(member(f"{n}.rego"), REGO) for n in range(archive.MAX_FILES + 1)], "more than"),
        ([(member("readme.md"), b"hello")], "no .rego file"),
        ([(member("a.rego"), b"package \xff")], "not UTF-8"),
        ([(member("a.rego"), REGO), (member("data.json"), b'{\n"a": 1,,}')], "data.json:2: not JSON"),
        ([(member("a.rego"), REGO), (member("data.json"), b"[]")], "must be a JSON object"),
        ([(member("a.rego"), REGO), (member("data.json"), b'{"a":' * 40 + b"1" + b"}" * 40)], "nested deeper"),
        ([(member("a.rego"), REGO), (member("data.json"), b'{"a": 1}'), (member("a/data.json"), b"{}")], "is a value"),
        ([(member("a.rego"), REGO), (member("data.json"), b'{"a": {"b": 1}}'), (member("a/data.json"), b'{"b": 2}')], "claims keys"),
        ([(member("a.rego"), REGO), (member(".manifest"), b'{"rego_version": 0}')], "rego_version"),
    ],
)  # fmt: skip
def test_a_hostile_archive_is_refused(tmp_path: Path, members, says: str):
    with pytest.raises(BundleInvalid, match=says):
        load(packed(tmp_path / "b.tar.gz", members))


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path):
    bomb = tmp_path / "b.tar.gz"
    bomb.write_bytes(gzip.compress(b"\0" * (3 * archive.MAX_TOTAL_BYTES)))
    with pytest.raises(BundleInvalid, match="inflates"):
        load(bomb)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_bundle_or_refused(tmp_path_factory, content: bytes):
    path = tmp_path_factory.mktemp("b") / "b.tar.gz"
    path.write_bytes(content)
    with pytest.raises(BundleInvalid):
        load(path)


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_archive_is_the_bundle_or_refused(tmp_path_factory, at: int, value: int):
    path = packed(tmp_path_factory.mktemp("b") / "b.tar.gz", [(member("a.rego"), REGO)])
    raw = bytearray(path.read_bytes())
    raw[at % len(raw)] = value
    path.write_bytes(raw)
    try:
        files = load(path).files
    except BundleInvalid:
        return
    assert set(files.values()) == {REGO}


def test_links_in_a_folder_are_refused(tmp_path: Path):
    (tmp_path / "a.rego").write_bytes(REGO)
    (tmp_path / "b.rego").symlink_to("/etc/hostname")
    with pytest.raises(BundleInvalid, match=r"b\.rego: a symbolic link"):
        load(tmp_path)


def test_pipes_in_a_folder_are_refused(tmp_path: Path):
    (tmp_path / "a.rego").write_bytes(REGO)
    os.mkfifo(tmp_path / "b.rego")
    with pytest.raises(BundleInvalid, match="not a regular file"):
        load(tmp_path)


@pytest.mark.parametrize("source", ["builtin:none", "builtin:../strict", "/no/such/bundle"])
def test_a_bundle_that_is_not_there_is_refused(source: str):
    with pytest.raises(BundleInvalid):
        load(source)


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.binary(max_size=9), min_size=1, max_size=4), st.data())
def test_every_change_changes_the_digest(files, data):
    name = data.draw(st.sampled_from(sorted(files)))
    before = digest(files)
    assert digest(dict(reversed(files.items()))) == before
    assert digest({**files, name: files[name] + b"!"}) != before
    assert digest({**files, name + "!": b""}) != before
    assert digest({key: value for key, value in files.items() if key != name}) != before


def test_the_profiles_are_named():
    assert builtin_names() == ("lawful", "strict")
