"""`lexgate policy` as its users type it: exit code 0 holds, 1 does not hold, 2 could not be tried."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from gateway.commands.policy import policy
from policies.bundle import load
from policies.samples import changed, neutral

CASES = str(Path(__file__).with_name("cases.jsonl"))
ABROAD = changed(
    neutral(), {"destination": {"country": "US"}, "data": {"entities": {"PERSON": 1}, "subjects": {"pi": 1}}}
)


def run(*words: str, stdin: bytes = b""):
    return CliRunner().invoke(policy, list(words), input=stdin, catch_exceptions=False)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    (tmp_path / "rules.rego").write_text("package lexgate\n\ndecision := {\n")
    return tmp_path


def test_check_holds():
    said = run("check", "builtin:strict")
    assert (said.exit_code, said.output.startswith("builtin:strict: holds")) == (0, True)
    assert load("builtin:strict").digest in said.output


def test_check_names_file_and_line(broken: Path):
    said = run("check", str(broken))
    assert said.exit_code == 1
    assert "rules.rego:" in said.output


def test_check_of_nothing_could_not_be_tried(tmp_path: Path):
    assert run("check", str(tmp_path / "none")).exit_code == 2
    assert run("check", "builtin:none").exit_code == 2


def test_check_in_json(broken: Path):
    lines = [json.loads(line) for line in run("check", str(broken), "--json").output.splitlines()]
    assert lines[0]["file"] == "rules.rego"
    assert lines[-1]["problems"] == 1


def test_test_passes():
    said = run("test", "builtin:lawful")
    assert (said.exit_code, "tests passed" in said.output) == (0, True)


def test_test_prints_what_fails(tmp_path: Path):
    (tmp_path / "a.rego").write_text('package lexgate\n\ndecision := {"schema": "lexgate/decision@1", "hits": []}\n')
    (tmp_path / "a_test.rego").write_text("package lexgate.tests\n\ntest_good if true\n\ntest_bad if 1 == 2\n")
    said = run("test", str(tmp_path))
    assert said.exit_code == 1
    assert "a_test.rego:5: lexgate.tests.test_bad: false or undefined" in said.output
    assert "1 of 2 tests passed" in said.output


def test_test_without_tests_could_not_be_tried(tmp_path: Path):
    (tmp_path / "a.rego").write_text("package lexgate\n")
    assert run("test", str(tmp_path)).exit_code == 2


def test_decide_says_what_and_why_and_what_would_help():
    said = run("decide", "--bundle", "builtin:strict", stdin=orjson.dumps(ABROAD))
    assert said.exit_code == 1
    for word in ("decision     redact", "PERSON: placeholder", "GDPR arts 44-46", "remedy:", "sha256:"):
        assert word in said.output


def test_decide_a_clean_call(tmp_path: Path):
    (tmp_path / "input.json").write_bytes(orjson.dumps(neutral()))
    said = run("decide", "--bundle", "builtin:lawful", "--input", str(tmp_path / "input.json"), "--json")
    assert said.exit_code == 0
    assert json.loads(said.output)["action"] == "allow"


def test_decide_defaults_to_strict_without_a_configuration(tmp_path: Path):
    said = run("decide", "--config", str(tmp_path / "none.yaml"), "--json", stdin=orjson.dumps(neutral()))
    assert json.loads(said.output)["bundle"] == load("builtin:strict").digest


@pytest.mark.parametrize("stdin", [b"{", b"{}", b"[]", b"\xff", b""])
def test_decide_without_a_document_could_not_be_tried(stdin: bytes):
    said = run("decide", "--bundle", "builtin:strict", stdin=stdin)
    assert said.exit_code == 2


def test_decide_without_a_file_could_not_be_tried(tmp_path: Path):
    assert run("decide", "--input", str(tmp_path / "none"), "--bundle", "builtin:strict").exit_code == 2


def test_cases_hold_under_the_law_and_not_under_strict():
    assert run("cases", CASES).exit_code == 0
    said = run("cases", CASES, "--bundle", "builtin:strict")
    assert said.exit_code == 1
    assert "allow_unmodified is False, expected True" in said.output


def test_cases_in_json():
    lines = [json.loads(line) for line in run("cases", CASES, "--json").output.splitlines()]
    assert all(line["passed"] for line in lines)
    assert {"obligations", "tier", "bundle"} <= set(lines[0]["decision"])


@pytest.mark.parametrize("text", ["", "{\n", '{"id": "x"}\n'])
def test_a_file_without_cases_could_not_be_tried(tmp_path: Path, text: str):
    (tmp_path / "c.jsonl").write_text(text)
    assert run("cases", str(tmp_path / "c.jsonl")).exit_code == 2
