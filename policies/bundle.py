"""A bundle: the rules and their data, named by a digest. OPA's layout: `.manifest`, `data.json`, `.rego`.

`builtin:strict` and `builtin:lawful` are composed from `policies/packs` by a manifest each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

import orjson

from policies import archive
from policies.errors import BundleInvalid
from policies.syntax import MAX_NESTING, too_deep

ENTRYPOINT: Final = "data.lexgate.decision"
BUILTIN: Final = "builtin:"
MAX_JSON_DEPTH: Final = 32


@dataclass(frozen=True, slots=True)
class Bundle:
    """Rules and data as read; nothing is compiled yet.

    digest: `sha256:` over the sorted lines `path NUL sha256(content) LF` of every file, tests included.
    modules: rego source by path, without tests; tests: the `*_test.rego` files; data: one JSON document.
    """

    source: str
    digest: str
    revision: str
    modules: Mapping[str, str]
    tests: Mapping[str, str]
    data: Mapping[str, Any]
    files: Mapping[str, bytes]


def load(source: str | Path) -> Bundle:
    """Reads `builtin:<name>`, a folder, or an OPA bundle `.tar.gz`. Raises BundleInvalid (file and line)."""
    text = str(source)
    files = _builtin(text.removeprefix(BUILTIN)) if text.startswith(BUILTIN) else archive.read(Path(text))
    return assemble(text, files)


def assemble(source: str, files: Mapping[str, bytes]) -> Bundle:
    """A bundle of files already in memory: path to content."""
    manifest = _json(files[".manifest"], ".manifest") if ".manifest" in files else {}
    if manifest.get("rego_version", 1) != 1:
        raise BundleInvalid("rego_version must be 1", file=".manifest")
    sources = {name: _text(name, content) for name, content in sorted(files.items()) if name.endswith(".rego")}
    return Bundle(
        source=source,
        digest=digest(files),
        revision=str(manifest.get("revision", "")),
        modules={name: text for name, text in sources.items() if not name.endswith("_test.rego")},
        tests={name: text for name, text in sources.items() if name.endswith("_test.rego")},
        data=_data(files),
        files=dict(files),
    )


def digest(files: Mapping[str, bytes]) -> str:
    """The bundle's name: any changed, added, removed or renamed file changes it."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return f"sha256:{total.hexdigest()}"


def builtin_names() -> tuple[str, ...]:
    """The bundles that ship with the product."""
    return tuple(sorted(item.name.removesuffix(".json") for item in _packs().joinpath("profiles").iterdir()))


def _packs() -> Traversable:
    return resources.files("policies").joinpath("packs")


def _builtin(name: str) -> dict[str, bytes]:
    if name not in builtin_names():
        raise BundleInvalid(f"no such bundle; there are {', '.join(BUILTIN + known for known in builtin_names())}")
    profile = _json(_packs().joinpath("profiles", f"{name}.json").read_bytes(), f"profiles/{name}.json")
    files = {
        ".manifest": orjson.dumps({"revision": profile["revision"], "rego_version": 1, "roots": ["lexgate", "law"]})
    }
    for folder in ("lib", *profile["packs"]):
        files.update(_pack_files(folder))
    files["main.rego"] = _main(profile["packs"])
    for law in profile["data"]:
        files[f"law/{law}/data.json"] = _packs().joinpath(law, "data.json").read_bytes()
    return files


def _pack_files(folder: str) -> dict[str, bytes]:
    items = _packs().joinpath(*folder.split("/")).iterdir()
    return {f"{folder}/{item.name}": item.read_bytes() for item in items if item.name.endswith(".rego")}


def _main(packs: list[str]) -> bytes:
    """The entry point: every hit of every pack. Packs are named one by one; a wildcard costs a quarter more time."""
    lines = ["package lexgate", "", 'decision := {"schema": "lexgate/decision@1", "hits": hits}', ""]
    lines += [f"hits contains hit if some hit in data.lexgate.packs.{pack.replace('/', '.')}.hits\n" for pack in packs]
    return "\n".join(lines).encode()


def _data(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Each `a/b/data.json` is mounted at `a.b`, as OPA does; two files may not claim the same key."""
    root: dict[str, Any] = {}
    for name in sorted((name for name in files if name.rsplit("/", 1)[-1] == "data.json"), key=lambda n: n.count("/")):
        document = _json(files[name], name)
        at = root
        for part in name.split("/")[:-1]:
            at = at.setdefault(part, {})
            if not isinstance(at, dict):
                raise BundleInvalid(f"{part} is a value in another data.json", file=name)
        if clash := sorted(set(at) & set(document)):
            raise BundleInvalid(f"claims keys that another data.json has: {', '.join(clash)}", file=name)
        at.update(document)
    return root


def _json(content: bytes, name: str) -> dict[str, Any]:
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BundleInvalid(f"not JSON: {error.msg}", file=name, line=error.lineno) from None
    if not isinstance(document, dict):
        raise BundleInvalid("must be a JSON object", file=name)
    if _depth(document) > MAX_JSON_DEPTH:
        raise BundleInvalid(f"nested deeper than {MAX_JSON_DEPTH}", file=name)
    return document


def _depth(document: Any) -> int:
    depth, level = 0, [document]
    while level and depth <= MAX_JSON_DEPTH:
        depth += 1
        children = [
            item.values() if isinstance(item, dict) else item for item in level if isinstance(item, (dict, list))
        ]
        level = [child for group in children for child in group]
    return depth


def _text(name: str, content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise BundleInvalid("not UTF-8", file=name, line=content[: error.start].count(b"\n") + 1) from None
    if line := too_deep(text):
        raise BundleInvalid(f"brackets nest deeper than {MAX_NESTING}", file=name, line=line)
    return text
