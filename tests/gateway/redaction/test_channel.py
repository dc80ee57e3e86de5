"""One text of an answer: what comes out depends on the whole text only, however it was cut."""

from __future__ import annotations

import importlib.util
import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.redaction.channel import Rules, TextChannel, open_strings
from gateway.redaction.placeholder import PlaceholderKey, Restorable

_spec = importlib.util.spec_from_file_location("scanner", Path(__file__).with_name("scanner.py"))
scanner = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(scanner)

KEY = PlaceholderKey(b"k" * 32, "acme", "crm/li.wei")
NAME = KEY.make("PERSON", "Anna")
QUOTED = KEY.make("PERSON", 'B "x"')
KNOWN = {NAME: Restorable("PERSON", "Anna"), QUOTED: Restorable("PERSON", 'B "x"')}
FOREIGN = "⟦PERSON_0123456789abcdef⟧"


def through(rules: Rules, fragments: list[str], *, json: bool = False) -> tuple[str, str | None]:
    channel = TextChannel(rules, json=json)
    out = "".join(channel.push(fragment) for fragment in fragments)
    return out + channel.finish(), channel.stopped


def test_a_placeholder_becomes_its_value_and_a_foreign_one_stays():
    assert through(Rules(KNOWN), [f"Hi {NAME}, {FOREIGN} and ⟦PERSON_{'a' * 16}⟧."]) == (
        f"Hi Anna, {FOREIGN} and ⟦PERSON_{'a' * 16}⟧.",
        None,
    )


def test_every_cut_in_two_and_every_single_character():
    text = f"Hi {NAME}! ⟦ ⟦PERSON {FOREIGN}{NAME}⟦PERS"
    whole = through(Rules(KNOWN), [text])
    for at in range(len(text) + 1):
        assert through(Rules(KNOWN), [text[:at], text[at:]]) == whole
    assert through(Rules(KNOWN), list(text)) == whole


def test_no_more_than_one_possible_placeholder_is_held():
    channel = TextChannel(Rules(KNOWN))
    assert channel.push("a ⟦PERSON_" + "0" * 200) == "a ⟦PERSON_" + "0" * 200
    assert channel.push("b ⟦x") == "b ⟦x"
    assert channel.push("c ⟦PERSON_0") == "c "
    assert channel.push(" ") == "⟦PERSON_0 "


@pytest.mark.parametrize("ascii_only", [False, True])
def test_values_are_escaped_to_the_depth_at_which_they_stand(ascii_only):
    innermost = json.dumps({"z": QUOTED}, ensure_ascii=ascii_only)
    document = {
        "a": QUOTED,
        "b": json.dumps({"c": QUOTED, "d": innermost}, ensure_ascii=ascii_only),
        "e": f"\\{QUOTED}",
    }
    text = json.dumps(document, ensure_ascii=ascii_only)
    expected = {
        "a": 'B "x"',
        "b": json.dumps({"c": 'B "x"', "d": json.dumps({"z": 'B "x"'})}),
        "e": '\\B "x"',
    }
    for fragments in ([text], list(text)):
        out, _ = through(Rules(KNOWN), fragments, json=True)
        got = json.loads(out)
        assert (got["a"], got["e"]) == (expected["a"], expected["e"])
        inner = json.loads(got["b"])
        assert inner["c"] == 'B "x"'
        assert json.loads(inner["d"]) == {"z": 'B "x"'}


def test_text_that_begins_like_json_is_taken_for_json_and_other_text_is_not():
    assert through(Rules(KNOWN), [f'{{"name": "{QUOTED}"}}'])[0] == '{"name": "B \\"x\\""}'
    assert through(Rules(KNOWN), [f'He said "{QUOTED}"'])[0] == 'He said "B "x""'


def test_open_strings_counts_strings_in_strings():
    assert [
        open_strings(text) for text in ("{", '{"a": 1, "b', '{"a": "x \\"y', '{"a": "{\\"b\\": \\"', '{"a":"{\\"b\\"')
    ] == [
        0,
        1,
        1,
        2,
        1,
    ]


def test_a_guarded_match_ends_the_text_at_its_first_character():
    rules = Rules(KNOWN, scanner.Scanner())
    assert through(rules, [f"{NAME}: key sk-aaaaaaaaaa and more"]) == ("Anna: key ", "API_KEY")


def test_what_the_request_carried_may_come_back():
    rules = Rules({}, scanner.Scanner(), lambda label, value: (label, value) == ("PHONE", "13800138000"))
    assert through(rules, ["call 13800138000 or 13900139000!"]) == ("call 13800138000 or ", "PHONE")


@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_escapes_do_not_hide_a_match_in_json(levels, ascii_only):
    text = "键:\nsk-aaaaaaaaaa\tmore"
    for _ in range(levels):
        text = json.dumps({"text": text}, ensure_ascii=ascii_only)
    rules = Rules({}, scanner.Scanner())
    whole = through(rules, [text], json=True)
    assert whole[1] == "API_KEY"
    assert "sk-" not in whole[0]
    assert through(rules, list(text), json=True) == whole
    spelled = text.replace("sk-a", "sk-" + "\\" * (2 ** (levels - 1)) + "u0061")
    assert through(rules, [spelled], json=True)[1] == "API_KEY"
    assert through(rules, list(spelled), json=True) == through(rules, [spelled], json=True)


answers = st.lists(
    st.sampled_from(
        [
            NAME,
            FOREIGN,
            QUOTED,
            "sk-aaaaaaaaaa",
            "13800138000",
            "sk-",
            "1380013",
            " ",
            "x",
            "⟦",
            "⟦PERSON_",
            "\\u27e6",
            "\\n",
            "\\\\n",
            "\\",
            "u0061",
            '"',
            "{",
        ]
    ),
    max_size=12,
).map("".join)


@given(text=answers, at=st.lists(st.integers(0, 200), max_size=8), guarded=st.booleans(), as_json=st.booleans())
@settings(max_examples=300, deadline=None)
def test_cuts_never_change_what_comes_out(text, at, guarded, as_json):
    rules = Rules(KNOWN, scanner.Scanner() if guarded else None)
    places = sorted({min(place, len(text)) for place in at} | {0, len(text)})
    fragments = [text[a:b] for a, b in itertools.pairwise(places)]
    assert through(rules, fragments, json=as_json) == through(rules, [text], json=as_json)
