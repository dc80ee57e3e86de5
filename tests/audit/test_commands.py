"""`lexgate audit`, `backup`, `restore`, `migrate` as their users call them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from audit.keys import Keyring
from gateway.commands.audit import audit
from gateway.commands.backup import backup, migrate, restore
from tests.audit.lab import ORIGIN, Lab, intent, new_flow, outcome, settle


@pytest.fixture
async def told(lab: Lab) -> tuple[Lab, str, str]:
    """A finished log with one completed and one denied call, and a configuration for it."""
    log, done, denied = await lab.connect(), new_flow(), new_flow()
    await log.append(intent(done))
    await log.append(outcome(done))
    await log.append(settle((done,)))
    await log.append(outcome(denied, "denied", decision="block", user="max"))
    await log.close()
    await asyncio.to_thread(lab.stop)
    config = f"store: sqlite:///{lab.store}\nkeys: {{file: {lab.keys}}}\norigin: {ORIGIN}\n"
    (lab.folder / "lexgate.yaml").write_text(config)
    return lab, done, denied


def run(lab: Lab, *arguments: str) -> Result:
    commands = {"audit": audit, "backup": backup, "restore": restore, "migrate": migrate}
    command, *rest = arguments
    return CliRunner().invoke(commands[command], [*rest, "--config", str(lab.folder / "lexgate.yaml")])


async def test_search(told: tuple[Lab, str, str]) -> None:
    lab, done, denied = told
    result = run(lab, "audit", "search")
    assert result.exit_code == 0
    assert [line.split()[1] for line in result.stdout.splitlines()[1:]] == [denied, done]
    result = run(lab, "audit", "search", "-status:denied", "grade>=L2", "--json")
    assert [json.loads(line)["flow"] for line in result.stdout.splitlines()] == [done]
    page = run(lab, "audit", "search", "--limit", "1", "--json")
    cursor = json.loads(page.stderr)["next"]
    rest = run(lab, "audit", "search", "--limit", "1", "--json", "--after", cursor)
    assert json.loads(rest.stdout)["flow"] == done
    assert rest.stderr == ""
    bad = run(lab, "audit", "search", "colour:red")
    assert (bad.exit_code, bad.stdout) == (2, "")
    assert "colour:red" in bad.stderr


async def test_show_in_plain_language_then_the_record(told: tuple[Lab, str, str]) -> None:
    lab, done, denied = told
    said = run(lab, "audit", "show", done).stdout
    for words in (
        "li.wei (application crm, tenant acme) sent personal data of grade L3 from DE to US, to model smollm2-135m",
        "The call was completed.",
        "strict.personal (PIPL Art. 38)",
        "redacted  1 PERSON",
        "31 in, 17 out as the provider reported; 31 in, 17 out by our own count (exact)",
        "0.000012 USD (exact match in test)",
        f"lexgate audit show {done} --proof FILE",
    ):
        assert words in said
    assert "max (application crm, tenant acme) asked to send" in run(lab, "audit", "show", denied).stdout
    assert json.loads(run(lab, "audit", "show", done, "--json").stdout) == lab.records().get(done)
    assert run(lab, "audit", "show", new_flow()).exit_code == 1


async def test_a_proof_is_checked_offline(told: tuple[Lab, str, str], tmp_path: Path) -> None:
    lab, done, _ = told
    proof = tmp_path / "proof.json"
    assert run(lab, "audit", "show", done, "--proof", str(proof)).exit_code == 0
    away = tmp_path / "auditor"
    away.mkdir()
    (away / "log.vkey").write_text(lab.vkey)
    moved = proof.rename(away / "proof.json")
    for key in (lab.vkey, str(away / "log.vkey")):
        result = CliRunner().invoke(audit, ["verify", str(moved), "--key", key])
        assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "It holds.")
    assert run(lab, "audit", "verify", str(moved)).exit_code == 0

    moved.write_text(moved.read_text().replace("redact", "allowd", 1))
    result = CliRunner().invoke(audit, ["verify", str(moved), "--key", lab.vkey, "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["ok"] is False
    other = str(Keyring.create(tmp_path / "other").verifier_key(ORIGIN))
    assert CliRunner().invoke(audit, ["verify", str(moved), "--key", other]).exit_code == 1
    for nonsense in ("", "[]", "{}", '{"format": "lexgate-proof/1"}', '{"format": "lexgate-proof/1", "leaves": [1]}'):
        moved.write_text(nonsense)
        assert CliRunner().invoke(audit, ["verify", str(moved), "--key", lab.vkey]).exit_code == 2
    assert CliRunner().invoke(audit, ["verify", str(moved), "--key", "a+b+c"]).exit_code == 2


async def test_the_whole_log(told: tuple[Lab, str, str]) -> None:
    lab, _, _ = told
    result = run(lab, "audit", "verify")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "It holds.")
    assert run(lab, "audit", "reindex").stdout == "2 flows indexed\n"
    assert run(lab, "audit", "verify", "--json").exit_code == 0
    lab.store.unlink()
    assert run(lab, "audit", "verify").exit_code == 2


async def test_backup_restore_migrate(told: tuple[Lab, str, str], tmp_path: Path) -> None:
    lab, done, _ = told
    assert run(lab, "migrate").stdout == "schema 0002\n"
    copy = str(tmp_path / "copy.tar.gz")
    assert "The private keys are not in it" in run(lab, "backup", copy).stdout
    assert run(lab, "restore").exit_code == 2
    assert run(lab, "restore", copy).exit_code == 2
    lab.store.unlink()
    assert run(lab, "restore", copy).exit_code == 0
    assert (lab.records().get(done) or {})["status"] == "completed"

    lab.start()
    await (await lab.connect()).append(outcome(new_flow(), "denied"))
    await asyncio.to_thread(lab.stop)
    lab.store.unlink()
    behind = run(lab, "restore", copy)
    assert behind.exit_code == 1
    assert "--accept-loss" in behind.stderr
    accepted = run(lab, "restore", "--accept-loss", "the disk died")
    assert "generation 2" in accepted.stdout
    assert run(lab, "audit", "verify").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [("audit", "search"), ("audit", "show", "x"), ("audit", "trace", "x"), ("audit", "verify"), ("audit", "reindex"),
     ("backup", "copy.tar"), ("migrate",)],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("store", ["no database", "a folder"])
async def test_a_store_that_is_none_is_said_in_one_line(
    told: tuple[Lab, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], store: str
) -> None:
    lab, _, _ = told
    for file in lab.folder.glob(f"{lab.store.name}*"):
        file.unlink()
    if store == "a folder":
        lab.store.mkdir()
    else:
        lab.store.write_bytes(b"this is no database " * 1000)
    monkeypatch.chdir(tmp_path)
    result = run(lab, *arguments)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("lexgate: ")
