"""`policy check`: what breaks replay, never ends, eats memory or crashes the engine is found in a process of its own."""

from __future__ import annotations

import pytest

from policies.bundle import assemble, load
from policies.check import check, require
from policies.errors import BundleInvalid
from policies.syntax import BANNED

ANSWER = 'decision := {"schema": "lexgate/decision@1", "hits": []}'


def problems(text: str, **more: str) -> list[str]:
    files = {
        "rules/t.rego": f"package lexgate\n\n{text}\n",
        **{name.replace("__", "."): body for name, body in more.items()},
    }
    return [str(problem) for problem in check(assemble("t", {name: body.encode() for name, body in files.items()}))]


@pytest.mark.parametrize("name", ["builtin:strict", "builtin:lawful"])
def test_the_built_in_bundles_hold(name: str):
    assert check(load(name)) == []
    assert require(load(name)).digest == load(name).digest


@pytest.mark.parametrize(
    "call",
    [
        'http.send({"method": "get", "url": "http://x"})', "opa.runtime()", 'rand.intn("a", 9)', 'uuid.rfc4122("a")',
        "time.now_ns()", 'io.jwt.decode("a")', 'print("a")', 'net.lookup_ip_addr("x")', 'uuid["parse"]("a")',
        "[time.now_ns() | true][0]",
    ],
)  # fmt: skip
def test_a_banned_function_is_named_with_its_place(call: str):
    found = problems(f"{ANSWER}\n\nother := x if {{\n\tx := {call}\n}}")
    assert found, call
    assert found[0].startswith("rules/t.rego:6: "), found


def test_a_banned_function_hides_in_no_test_or_unused_rule():
    hidden = 'package lexgate.tests.x\n\ntest_x if rand.intn("a", 3) == 1\n'
    assert problems(ANSWER, x_test__rego=hidden) == ["x_test.rego:3: rand.intn is not allowed: it " + BANNED["rand."]]


def test_words_in_strings_and_comments_are_no_calls():
    assert problems(f'# http.send(x)\n{ANSWER}\n\nx := "http.send(1)"') == []


def test_a_syntax_error_names_file_and_line():
    assert problems(f"{ANSWER}\n\nx := {{")[0].startswith("rules/t.rego:")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("other := 1", "sample 0"),
        ("decision := true", "not a lexgate/decision@1 object"),
        ('decision := {"schema": "lexgate/decision@1", "hits": []} if input.caller.country == "DE"', "undefined"),
        (f"{ANSWER} if no_such_function(input)", "evaluation failed"),
        ('decision := {"schema": "lexgate/decision@1", "hits": [{"id": "x", "effect": "block"}]}', "hit x lacks"),
    ],
)
def test_a_bundle_must_answer_every_sample_in_the_right_shape(text: str, says: str):
    assert says in " ".join(problems(text))


def test_a_decision_that_takes_too_long_is_killed():
    slow = f"{ANSWER} if count([1 | some a in numbers.range(1, 4000); some b in numbers.range(1, 4000); a == b]) > 0"
    assert "250 ms of processor time" in problems(slow)[0]


def test_a_decision_that_eats_memory_is_killed():
    big = (
        f'{ANSWER} if count([concat("", [s, s]) | some i in numbers.range(1, 100000000); s := sprintf("%d", [i])]) > 0'
    )
    assert "stopped" in problems(big)[0]


@pytest.mark.parametrize("opening", ["[", "{", "(", "f("])
def test_deep_nesting_is_refused_before_the_parser_sees_it(opening: str):
    with pytest.raises(BundleInvalid, match=r"t\.rego:5: brackets nest deeper than 48"):
        problems(f"{ANSWER}\n\nx := " + opening * 50_000)


def test_brackets_in_strings_do_not_nest():
    assert problems(f'{ANSWER}\n\nx := "{"[" * 999}" # {"(" * 999}\ny := `{"{" * 999}`') == []


@pytest.mark.parametrize(
    "text", ["x := 1" + " + 1" * 100_000, "x := -" + "-" * 100_000 + "1", "x := input" + ".a" * 100_000]
)
def test_a_source_that_breaks_the_parser_breaks_only_the_trial(text: str):
    assert problems(f"{ANSWER}\n\n{text}")


def test_require_raises_the_first_problem():
    with pytest.raises(BundleInvalid, match=r"t\.rego"):
        require(assemble("t", {"t.rego": b"package lexgate\n\nx := time.now_ns()"}))
