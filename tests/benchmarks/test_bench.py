"""The benchmark measures what it says: its corpus, its process tree, its floors."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import corpus, report, targets, tree

NATIVE = Path(corpus.__file__).parent / "native"


def test_the_same_seed_makes_the_same_prompts_and_another_seed_makes_others() -> None:
    first, again, other = (corpus.prompts(seed, 50, 1024) for seed in ("a", "a", "b"))
    assert first == again
    assert not set(first) & set(other)
    assert len(set(first)) == 50


def test_prompts_are_about_as_long_as_asked_and_three_in_ten_carry_personal_data() -> None:
    bodies = corpus.prompts("size", 400, 1024)
    lengths = [len(body.encode()) for body in bodies]
    assert 900 < sum(lengths) / len(lengths) < 1200
    assert 0.2 < sum(corpus.PLANTED in body for body in bodies) / len(bodies) < 0.4


def test_a_conversation_resends_what_was_said_and_answered() -> None:
    turns = corpus.conversations("talk", 2, 3)
    second, third = (json.loads(turns[turn][1])["messages"] for turn in (1, 2))
    assert third[: len(second)] == second
    assert third[len(second)] == {"role": "assistant", "content": f"{corpus.ANSWER} talk-1-2"}
    assert [len(json.loads(bodies[0])["messages"]) for bodies in turns] == [2, 4, 6]


def test_the_canned_answer_is_the_one_that_conversations_resend() -> None:
    source = (NATIVE / "provider.c").read_text()
    literal = re.search(r"ANSWER\[\] = (.*?);\n", source, re.DOTALL)
    assert literal is not None
    assert "".join(re.findall(r'"([^"]*)"', literal.group(1))) == corpus.ANSWER


def test_processor_time_of_children_counts() -> None:
    burn = "sum(i * i for i in range(3_000_000)); print('burnt', flush=True); input()"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    process = subprocess.Popen(
        [sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        assert process.stdout.readline() == "burnt\n"
        spent = tree.cpu_seconds(process.pid)
        assert len(tree.members(process.pid)) == 2
        process.stdin.write("\n")
        process.stdin.flush()
        process.wait(30)
    assert spent > 0.1


def _row(target: str, scenario: str, cpu_us: float, bad: int = 0) -> dict[str, object]:
    return {"round": 0, "target": target, "scenario": scenario, "cpu_us": cpu_us, "bad": bad}


def test_floors_hold_or_not_by_the_measured_ratio() -> None:
    rows = [
        _row("lexgate", "warm_1k", 100),
        _row("fastapi-aiohttp", "warm_1k", 100),
        _row("litellm-1.100.5", "warm_1k", 1999),
        _row("lexgate", "turn_1", 100),
        _row("lexgate", "turn_20", 150),
        _row("nginx", "words_100", 1_000),
        _row("nginx", "words_500", 5_000),
        _row("lexgate", "words_100", 3_000),
        _row("lexgate", "words_500", 11_004),
    ]
    assert [floor.holds for floor in report.floors(rows)] == [True, False, True, False]


def test_what_a_chunk_costs_is_told_apart_from_what_a_stream_costs() -> None:
    rows = [
        {**_row("nginx", "words_100", 1_100), "cpu_us_by_role": {"nginx": 1_100}},
        {**_row("nginx", "words_500", 5_100), "cpu_us_by_role": {"nginx": 5_100}},
        {**_row("lexgate", "words_100", 4_500), "cpu_us_by_role": {"worker": 3_000, "writer": 1_500}},
        {**_row("lexgate", "words_500", 12_500), "cpu_us_by_role": {"worker": 11_000, "writer": 1_500}},
    ]
    told = report.slopes(rows)
    assert "| nginx | 10.0 | 1.00 | 100 |" in told
    assert "| lexgate | 20.0 | 2.00 | 2,500 |" in told
    assert "| worker | 20.0 | 2.00 | 1,000 |" in told
    assert "| writer | 0.0 | 0.00 | 1,500 |" in told


def test_a_figure_with_a_bad_call_in_it_is_no_figure() -> None:
    rows = [_row("lexgate", "warm_1k", 10, bad=1), _row("fastapi-aiohttp", "warm_1k", 100)]
    assert report.median(rows, "lexgate", "warm_1k", "cpu_us") is None
    assert not report.floors(rows)[0].holds


def test_an_unlisted_version_of_litellm_is_never_started(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "litellm"
    program.parent.mkdir()
    interpreter = program.parent / "python"
    interpreter.write_text("#!/bin/sh\necho 1.82.7\n")
    interpreter.chmod(0o755)
    assert targets.litellm_version(str(program)) == "1.82.7"
    assert targets.litellm(str(program))(tmp_path, "http://127.0.0.1:1") is None


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_load_driver_and_provider_agree_on_every_call(tmp_path: Path) -> None:
    for name in ("provider", "load"):
        subprocess.run(
            ["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-o", tmp_path / name, NATIVE / f"{name}.c"], check=True
        )
    port = targets.free_port()
    provider = subprocess.Popen([tmp_path / "provider", "-p", str(port), "-n", "5", "-x", corpus.PLANTED])
    try:
        for stream in (False, True):
            bodies = corpus.write(tmp_path / "bodies", corpus.prompts("agree", 40, 1024, stream=stream))
            command = [tmp_path / "load", "-p", str(port), "-b", bodies, "-n", "200", "-c", "4", "-t", "20"]
            for _ in range(50):  # until the provider listens
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode == 0:
                    break
            told = json.loads(done.stdout)
            assert (told["calls"], told["good"], told["bad"]) == (200, 200, 0)
            assert told["chunks"] == (200 * 5 if stream else 0)
    finally:
        provider.terminate()
        provider.wait()
