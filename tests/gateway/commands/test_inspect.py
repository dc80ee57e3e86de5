"""`lexgate inspect`: text, JSON, JSON Lines; exit code 2 when it could not be tried."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from gateway.commands.inspect import inspect
from tests.gateway.extraction.samples import word

TEXT = "mail li.wei@example.com, card 4111 1111 1111 1111"


def run(*arguments: str, given: str | None = None):
    return CliRunner().invoke(inspect, ["--no-names", *arguments], input=given)


def test_prints_grade_reasons_and_spans():
    result = run("--text", TEXT)
    assert result.exit_code == 0
    assert result.output.splitlines()[0] == "grade L4"
    assert "L4: financial accounts (CREDIT_CARD)" in result.output
    assert "li.wei@example.com" in result.output


def test_json_in_code_points():
    result = run("--json", "--text", "😀 " + TEXT)
    answer = json.loads(result.output)
    assert answer["spans"][0] == {"start": 7, "end": 25, "label": "EMAIL", "score": 0.95}
    assert answer["grade"] == "L4"
    assert "financial" in answer["categories"]


def test_reads_a_file_and_standard_input(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    assert run(str(path)).output == run("-", given=TEXT).output == run("--text", TEXT).output


def lines(*arguments: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from gateway.commands.inspect import inspect; inspect()", "--no-names", "--jsonl"]
    return subprocess.run([*command, *arguments], input=given, capture_output=True, timeout=60, check=False)


def test_jsonl_answers_line_by_line_in_order():
    rows = [{"id": n, "text": f"call 1391234567{n % 10}", "lang": "zh" if n % 3 else ""} for n in range(200)]
    result = lines(given="\n".join(json.dumps(row) for row in rows).encode())
    assert result.returncode == 0
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == list(range(200))
    assert answers[7] == {
        "id": 7,
        "spans": [{"start": 5, "end": 16, "label": "PHONE", "score": 0.9}],
        "categories": ["personal"],
        "grade": "L3",
    }


@pytest.mark.parametrize("bad", [b"{", b'{"id":1}', b"[1]", b'{"text":1}'])
def test_a_line_that_cannot_be_read_ends_with_2(bad):
    result = lines(given=b'{"id":0,"text":"a"}\n' + bad + b"\n")
    assert result.returncode == 2
    assert b"line 2" in result.stderr


def test_a_document_is_read_and_each_piece_inspected(tmp_path):
    path = tmp_path / "a.docx"
    path.write_bytes(word())
    answer = json.loads(run("--json", str(path)).output)
    assert answer["type"] == "docx"
    assert answer["unread"] == []
    assert {span["label"] for part in answer["parts"] for span in part["spans"]} >= {"IBAN", "PHONE", "MARKING"}
    assert answer["grade"] == "L4"


def test_what_cannot_be_read_ends_with_2(tmp_path):
    path = tmp_path / "binary"
    path.write_bytes(bytes(range(256)) * 9)
    assert run(str(path)).exit_code == 2
    assert run(str(tmp_path / "missing")).exit_code == 2
