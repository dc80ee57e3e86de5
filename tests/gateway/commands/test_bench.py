"""`lexgate bench inspect`: the table, the JSON file, and exit code 2 when it could not be tried."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gateway.commands.bench import bench

ROWS = [
    {"text": "mail li.wei@example.com", "spans": [{"start": 5, "end": 23, "label": "EMAIL"}], "lang": "en"},
    {"text": "卡号 4111 1111 1111 1111", "spans": [{"start": 3, "end": 22, "label": "CREDIT_CARD"}], "lang": "zh"},
    {"text": "call 555", "spans": [{"start": 5, "end": 8, "label": "PASSWORD"}], "lang": "en"},
]


def run(*arguments: str):
    return CliRunner().invoke(bench, ["inspect", "--no-names", "--no-presidio", *arguments])


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in ROWS), "utf-8")
    return path


def test_prints_a_table_for_each_file_and_language(data):
    result = run(str(data))
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "### own.jsonl: 3 texts, 0.1 KB"
    assert [line for line in lines if line.startswith("### ")][1:] == [
        "### own.jsonl en: 2 texts, 0.0 KB",
        "### own.jsonl zh: 1 texts, 0.0 KB",
    ]
    assert "| `EMAIL` | lexgate | 1 | 1.00 | 1.00 | 1.00 | 0.000 | 0.000 |  |" in lines
    assert "| `PASSWORD` | lexgate | 1 | – | 0.000 | – | 1.00 | 0.000 |  |" in lines
    assert not any("li.wei" in line for line in lines)


def test_one_line_for_each_file_without_labels(data):
    lines = run(str(data), "--no-labels").output.splitlines()
    assert lines[0].startswith("| data | system |")
    assert [line.split(":")[0] for line in lines[2:]] == ["| own.jsonl", "| own.jsonl en", "| own.jsonl zh"]


def test_shows_what_was_missed_most_where_asked_for(data):
    lines = run(str(data), "--misses", "20").output.splitlines()
    assert lines[-5:] == [
        "### own.jsonl: missed 1, 1 different",
        "",
        "| label | value | times |",
        "|---|---|---|",
        "| `PASSWORD` | 555 | 1 |",
    ]


def test_writes_all_figures_as_json(data, tmp_path):
    file = tmp_path / "figures.json"
    assert run(str(data), "--json", str(file), "--limit", "1").exit_code == 0
    got = json.loads(file.read_text())
    assert got["own.jsonl"]["lexgate"]["rows"] == 1
    assert got["own.jsonl"]["lexgate"]["labels"]["EMAIL"]["recall"] == 1.0
    assert got["own.jsonl"]["lexgate"]["cpu_ms_per_kb"] > 0


def test_a_damaged_file_ends_with_2_and_quotes_nothing(data):
    data.write_text('{"text": "secret content"}', "utf-8")
    result = run(str(data))
    assert result.exit_code == 2
    assert "line 1 of own.jsonl is not a labelled text" in result.output
    assert "secret content" not in result.output


def test_presidio_that_was_asked_for_must_be_there(data, monkeypatch):
    pytest.importorskip("presidio_analyzer")
    from gateway.inspection import presidio_baseline

    monkeypatch.setattr(presidio_baseline, "MODELS", ("no_such_model",))
    result = CliRunner().invoke(bench, ["inspect", "--no-names", "--presidio", str(data)])
    assert result.exit_code == 2
    assert "Presidio needs an English spaCy model" in result.output


def test_beside_presidio_where_it_is_installed(data):
    pytest.importorskip("presidio_analyzer")
    from gateway.inspection.presidio_baseline import installed_model

    if installed_model() is None:
        pytest.skip("no English spaCy model is installed")
    result = CliRunner().invoke(bench, ["inspect", "--no-names", str(data)])
    assert result.exit_code == 0
    assert "| `EMAIL` | presidio (" in result.output


def test_ordinary_texts_are_counted_by_language_and_kind(tmp_path):
    path = tmp_path / "ordinary.jsonl"
    rows = [
        {"text": "Sort a list in Rust.", "lang": "en", "kind": "coding"},
        {"text": "mail li.wei@example.com", "lang": "en", "kind": "coding"},
        {"text": "用Go排序", "lang": "zh", "kind": "coding"},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    result = CliRunner().invoke(bench, ["untouched", "--no-names", str(path)])
    assert result.exit_code == 0
    assert result.output.splitlines()[2:] == [
        "| en coding | 2 | 50.0% |",
        "| zh coding | 1 | 100.0% |",
        "| all | 3 | 66.7% |",
    ]


def test_names_that_everybody_knows_are_left_alone_unless_told_otherwise(tmp_path):
    path = tmp_path / "ordinary.jsonl"
    path.write_text(json.dumps({"text": "What did Charles Darwin see?", "lang": "en"}), "utf-8")
    shares = [
        json.loads(CliRunner().invoke(bench, ["untouched", "--json", *more, str(path)]).output)["untouched"]
        for more in ([], ["--no-figures"])
    ]
    assert shares == [1, 0]


def test_a_damaged_file_of_ordinary_texts_ends_with_2(tmp_path):
    path = tmp_path / "ordinary.jsonl"
    path.write_text('{"kind": "secret content"}', "utf-8")
    result = CliRunner().invoke(bench, ["untouched", "--no-names", str(path)])
    assert result.exit_code == 2
    assert "secret" not in result.output
