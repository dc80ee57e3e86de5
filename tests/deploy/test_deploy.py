"""The deployment files are checked as far as they can be without a container engine or an init system."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from docs import reference
from gateway.configuration.reading import load

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SAMPLE = DEPLOY / "lexgate.yaml"


def _paths(document: object, at: str = "") -> Iterator[str]:
    """Dotted names of everything given in a configuration; list items as `name[]`."""
    if isinstance(document, dict) and document:
        for key, value in document.items():
            yield from _paths(value, f"{at}.{key}" if at else key)
    elif isinstance(document, list) and document and isinstance(document[0], dict):
        yield from _paths(document[0], f"{at}[]")
    else:
        yield at


def test_the_sample_configuration_is_accepted() -> None:
    settings = load(SAMPLE, environment={})
    assert settings.production
    assert settings.store_path == Path("/var/lib/lexgate/lexgate.db")
    assert settings.keys_dir == Path("/var/lib/lexgate/keys")


def test_the_sample_shows_every_option() -> None:
    given = set(_paths(yaml.safe_load(SAMPLE.read_text())))
    empty = ("transfers[]", "issuers[]", "certificates[]")  # empty lists, with a comment
    examples = {name for name in reference.option_names() if name.startswith(empty)}
    assert set(reference.option_names()) - examples - given == set()


def test_the_container_accepts_the_sample_with_its_own_passphrase() -> None:
    environment = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["lexgate"]["environment"]
    assert load(SAMPLE, environment=environment).keys.passphrase == "file:/run/secrets/keys-passphrase"


@pytest.fixture(scope="module")
def unit() -> dict[str, list[str]]:
    """[Service] of the unit, each option with all its values."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in (DEPLOY / "lexgate.service").read_text().splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_the_unit_takes_from_the_service_what_it_does_not_need(unit: dict[str, list[str]]) -> None:
    for option in (
        "NoNewPrivileges",
        "ProtectHome",
        "PrivateTmp",
        "PrivateDevices",
        "RestrictSUIDSGID",
        "LockPersonality",
    ):
        assert unit[option] == ["yes"], option
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["CapabilityBoundingSet"] == [""]
    assert unit["User"] == ["lexgate"]
    assert unit["UMask"] == ["0077"]


def test_unit_image_and_sample_agree_on_paths(unit: dict[str, list[str]]) -> None:
    settings = load(SAMPLE, environment={})
    assert unit["StateDirectory"] == ["lexgate"]
    assert {settings.run_path.parent, settings.keys_dir.parent} == {settings.store_path.parent}, (
        "all of it outlives a restart"
    )
    assert unit["ExecStart"] == ["/opt/lexgate/bin/lexgate serve --config /etc/lexgate/lexgate.yaml"]
    credentials = {line.partition(":")[0] for line in unit["LoadCredential"]}
    referred = set(re.findall(r"file:/run/credentials/lexgate.service/(\S+)", SAMPLE.read_text()))
    assert referred == credentials
    assert float(unit["TimeoutStopSec"][0]) > settings.timeouts.drain


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "lexgate.service").read_text()
    there = text.replace("/opt/lexgate/bin/lexgate", "/bin/true").replace(
        "Documentation=file:/opt", "Documentation=file:/"
    )
    (tmp_path / "lexgate.service").write_text(there)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / "lexgate.service"],
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in (done.stdout + done.stderr).splitlines() if "lexgate.service" in line]
    assert (done.returncode, told) == (0, [])


def _instructions() -> list[tuple[str, str]]:
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(name, " ".join(rest.split())) for name, _, rest in (line.partition(" ") for line in lines)]


def test_the_image_runs_without_root_and_installs_by_hash() -> None:
    instructions = _instructions()
    names = [name for name, _ in instructions]
    last_stage = instructions[len(names) - 1 - names[::-1].index("FROM") :]
    assert [rest for name, rest in instructions if name == "FROM"] == ["python:3.11 AS build", "python:3.11-slim"]
    assert [rest for name, rest in last_stage if name == "USER"] == ["10001:10001"]
    assert not any(name == "ADD" for name in names)
    for _, command in (pair for pair in instructions if pair[0] == "RUN"):
        for install in re.findall(r"pip[^&|]* install [^&|]*", command):
            assert "--require-hashes" in install or "--no-deps" in install, install


def test_what_the_image_copies_exists_and_is_sent() -> None:
    sent = (ROOT / ".dockerignore").read_text().splitlines()
    for name, rest in _instructions():
        if name == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source.split('/')[0]}" in sent, source


def test_the_image_is_built_from_what_a_source_distribution_has() -> None:
    """`native/` and its build hook too: without them no wheel is made, or one that runs the slower Python code."""
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["sdist"][
        "include"
    ]
    copied = {
        source
        for name, rest in _instructions()
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    assert set(shipped) <= copied


def test_the_service_is_confined_in_compose() -> None:
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["lexgate"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == "10001:10001"
    assert any(port.startswith("127.0.0.1:8081:") for port in service["ports"])


def test_locks_install_by_hash_only_and_name_no_host() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        text = lock.read_text()
        assert "://" not in text
        assert "index-url" not in text
        pinned = re.findall(r"^[a-z0-9][^ ]*==", text, re.MULTILINE)
        hashed = re.findall(r"^[a-z0-9][^ ]*==[^\n]*\\\n +--hash=sha256:", text, re.MULTILINE)
        assert pinned
        assert len(pinned) == len(hashed), lock.name


def test_dev_lock_pins_what_the_runtime_lock_pins() -> None:
    def pins(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([a-z0-9][^ =]*)==(\S+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE))

    runtime, dev = pins("runtime.txt"), pins("dev.txt")
    assert {name: dev.get(name) for name in runtime} == runtime


def test_the_unit_is_well_formed() -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / "lexgate.service")
    assert parser.sections() == ["Unit", "Service", "Install"]
