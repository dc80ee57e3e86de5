"""Step redact: values out, everything else byte for byte as it was."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Unavailable
from gateway.flow import Finding, PartKind, Span
from gateway.protocols.registry import DECODERS
from gateway.redaction.placeholder import PlaceholderKey
from gateway.redaction.redact import redact

_spec = importlib.util.spec_from_file_location("echo", Path(__file__).with_name("echo.py"))
echo = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(echo)
KEY, find = echo.KEY, echo.find


def chat(*messages, **fields) -> bytes:
    return json.dumps({"model": "m", "messages": list(messages), **fields}, ensure_ascii=False).encode()


def redacted(body: bytes, values: dict[str, str], operators=None, *, once=False, protocol="openai_chat"):
    request = DECODERS[protocol](body)
    operators = operators or dict.fromkeys(values.values(), "placeholder")
    return redact(request, find(request.parts(), values, once=once), operators, KEY)


def test_without_anything_to_redact_the_identical_object_goes_on():
    body = chat({"role": "user", "content": "hello"})
    request = DECODERS["openai_chat"](body)
    assert redact(request, [], {"PERSON": "placeholder"}, KEY).body is body
    finding = Finding(("messages", 0, "content"), PartKind.TEXT, Span(0, 5, "LOCATION", 1, "t"), "hello")
    kept = redact(request, [finding], {"PERSON": "placeholder"}, KEY)
    assert kept.body is body
    assert kept.remaining == (finding,)


def test_only_the_value_changes():
    body = b'{ "messages" : [{"content":"I am Anna M\\u00fcller\\n!", "role":"user"}],\t"x": 1.50e0, "model":"m" }'
    result = redacted(body, {"Anna Müller": "PERSON"})
    assert result.body == body.replace(b"Anna M\\u00fcller", KEY.make("PERSON", "Anna Müller").encode())
    assert result.redactions == {"PERSON": 1}


def test_placeholders_are_stable_and_belong_to_one_principal():
    assert KEY.make("PERSON", "Anna") == PlaceholderKey(b"k" * 32, "acme", "crm/li.wei").make("PERSON", "Anna")
    others = [
        PlaceholderKey(b"k" * 32, "acme", "crm/wang"),
        PlaceholderKey(b"k" * 32, "acm", "ecrm/li.wei"),
        PlaceholderKey(b"j" * 32, "acme", "crm/li.wei"),
    ]
    made = {key.make("PERSON", "Anna") for key in [KEY, *others]} | {
        KEY.make("PERSON", "Ann"),
        KEY.make("NAME", "Anna"),
    }
    assert len(made) == 6
    assert all(len(text.split("_")[1]) == 17 for text in made)


def test_a_value_found_once_goes_everywhere():
    call = {
        "id": "call_abcdefgh",
        "type": "function",
        "function": {"name": "f", "arguments": '{"to": "Anna M\\u00fcller"}'},
    }
    body = chat(
        {"role": "user", "content": "I am Anna Müller"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_abcdefgh", "content": "sent to Anna Müller"},
        user="Anna Müller",
        metadata={"Anna Müller": "x", "nested": [["Anna Müller"]]},
    )
    result = redacted(body, {"Anna Müller": "PERSON"}, once=True)
    assert "Müller" not in result.body.decode()
    assert "fcller" not in result.body.decode()
    assert result.redactions == {"PERSON": 6}
    assert list(result.placeholders) == [KEY.make("PERSON", "Anna Müller")]


def test_short_values_go_only_where_they_were_found():
    body = chat({"role": "user", "content": "Bo met a robot"}, {"role": "user", "content": "李四和四个人"})
    result = redacted(body, {"Bo": "PERSON", "四": "PERSON"}, once=True)
    first, second = (message["content"] for message in orjson.loads(result.body)["messages"])
    assert first == f"{KEY.make('PERSON', 'Bo')} met a robot"
    assert second == f"李{KEY.make('PERSON', '四')}和四个人"


def test_secrets_get_a_placeholder_that_is_never_restored():
    result = redacted(
        chat({"role": "user", "content": "key sk-abcdef and Anna Li"}), {"sk-abcdef": "API_KEY", "Anna Li": "PERSON"}
    )
    assert KEY.make("API_KEY", "sk-abcdef") in result.body.decode()
    assert [known.label for known in result.placeholders.values()] == ["PERSON"]


def test_removed_values_leave_no_identity():
    result = redacted(chat({"role": "user", "content": "I am Anna Li"}), {"Anna Li": "PERSON"}, {"PERSON": "remove"})
    assert orjson.loads(result.body)["messages"][0]["content"] == "I am ⟦PERSON⟧"
    assert not result.placeholders


def test_removed_object_keys_keep_their_identity_so_that_they_stay_distinct():
    result = redacted(
        chat({"role": "user", "content": "x"}, metadata={"Anna Li": 1, "Bert Wu": 2}),
        {"Anna Li": "PERSON", "Bert Wu": "PERSON"},
        {"PERSON": "remove"},
    )
    assert len(orjson.loads(result.body)["metadata"]) == 2


def test_numbers_become_strings_at_every_depth():
    arguments = json.dumps({"phone": 13800138000, "inner": json.dumps({"phone": 13800138000, "n": 5})})
    call = {"id": "call_abcdefgh", "type": "function", "function": {"name": "f", "arguments": arguments}}
    body = chat({"role": "assistant", "content": None, "tool_calls": [call]}, metadata={"phone": 13800138000})
    result = redacted(body, {"13800138000": "PHONE"})
    placeholder = KEY.make("PHONE", "13800138000")
    tree = orjson.loads(result.body)
    got = json.loads(tree["messages"][0]["tool_calls"][0]["function"]["arguments"])
    assert tree["metadata"] == {"phone": placeholder}
    assert got["phone"] == placeholder
    assert json.loads(got["inner"]) == {"phone": placeholder, "n": 5}


def test_a_number_too_long_for_a_float_is_read_digit_by_digit():
    body = b'{"model":"m","messages":[{"role":"user","content":"x"}],"metadata":{"card":62220212345678901234567}}'
    request = DECODERS["openai_chat"](body)
    assert "62220212345678901234567" in [part.text for part in request.parts()]
    result = redacted(body, {"62220212345678901234567": "BANK_CARD"})
    assert b"6222" not in result.body


def test_a_finding_across_tokens_of_inner_json_leaves_it_valid():
    text = '{"first": "Anna", "last": "Li Wei"}'
    body = chat({"role": "tool", "tool_call_id": "a", "content": text})
    request = DECODERS["openai_chat"](body)
    start, end = text.index("Anna"), text.index(" Wei")
    finding = Finding(
        ("messages", 0, "content"), PartKind.TOOL_RESULT, Span(start, end, "PERSON", 1, "t"), text[start:end]
    )
    result = redact(request, [finding], {"PERSON": "placeholder"}, KEY)
    inner = json.loads(orjson.loads(result.body)["messages"][0]["content"])
    assert "Anna" not in str(inner)
    assert len(inner) == 2


def test_what_looks_like_a_placeholder_is_text():
    """A caller who writes a placeholder gets it back as written, unless this very request makes the same one."""
    made = KEY.make("PERSON", "Anna Li")
    alone = redacted(chat({"role": "user", "content": f"who is {made}? I am Bert Wu"}), {"Bert Wu": "PERSON"})
    assert made not in alone.placeholders
    both = redacted(chat({"role": "user", "content": f"who is {made}? I am Anna Li"}), {"Anna Li": "PERSON"})
    assert both.placeholders[made].value == "Anna Li"


def test_images_cannot_be_redacted():
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8gd29ybGQhIQ=="}}
    body = chat({"role": "user", "content": [{"type": "text", "text": "Anna Li"}, image]})
    request = DECODERS["openai_chat"](body)
    path = ("messages", 0, "content", 1, "image_url", "url")
    finding = Finding(path, PartKind.IMAGE, Span(0, 0, "PERSON", 1, "ocr"), "")
    result = redact(request, [finding], {"PERSON": "placeholder"}, KEY)
    assert result.unredactable == (finding,)
    assert request.uninspected == ("image",)


def test_signed_thinking_cannot_be_redacted_even_where_nobody_looked():
    thinking = {"type": "thinking", "thinking": "Anna Li wants help", "signature": "c2lnbmF0dXJlLW9mLXRoaXM="}
    body = chat({"role": "user", "content": "I am Anna Li"}, {"role": "assistant", "content": [thinking]}, max_tokens=5)
    result = redacted(body, {"Anna Li": "PERSON"}, once=True, protocol="anthropic_messages")
    assert [finding.path for finding in result.unredactable] == [("messages", 1, "content", 0, "thinking")]


def test_overlapping_findings_become_one_and_a_secret_wins():
    text = "postgres://anna:secret@host/db"
    request = DECODERS["openai_chat"](chat({"role": "user", "content": text}))
    path = ("messages", 0, "content")
    findings = [
        Finding(path, PartKind.TEXT, Span(11, 23, "EMAIL", 1, "t"), text[11:23]),
        Finding(path, PartKind.TEXT, Span(0, 20, "CONNECTION_STRING", 1, "t"), text[0:20]),
    ]
    result = redact(request, findings, {"EMAIL": "placeholder", "CONNECTION_STRING": "placeholder"}, KEY)
    content = orjson.loads(result.body)["messages"][0]["content"]
    assert content.startswith("⟦CONNECTION_STRING_")
    assert content.endswith("⟧host/db")
    assert not result.placeholders


def test_if_a_value_would_be_left_nothing_leaves(monkeypatch):
    monkeypatch.setattr("gateway.redaction.segment.splice", lambda text, _edits: text)
    with pytest.raises(Unavailable) as refusal:
        redacted(chat({"role": "user", "content": "I am Anna Li"}), {"Anna Li": "PERSON"})
    assert "Anna" not in str(refusal.value)


VALUES = {
    "Anna Müller": "PERSON",
    "张三丰": "PERSON",
    'Bo "the\\Bear"': "PERSON",
    "13800138000": "PHONE",
    "Zoë😀\nQ": "PERSON",
}
leaf = st.one_of(
    st.sampled_from(list(VALUES)),
    st.sampled_from(list(VALUES)).map(lambda value: f"x {value} y"),
    st.text(max_size=6),
    st.just(13800138000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.none(),
)
trees = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(list(VALUES)), st.text(max_size=4)), inner, max_size=3),
        inner.map(json.dumps),
        inner.map(lambda value: json.dumps(value, ensure_ascii=False)),
    ),
    max_leaves=8,
)


def clean(tree) -> bool:
    """orjson refuses lone surrogates and the gateway NUL: not what this test is about."""
    text = json.dumps(tree)
    return "\\u0000" not in text and not any("\ud800" <= c <= "\udfff" for c in json.dumps(tree, ensure_ascii=False))


@given(content=trees.filter(clean), extra=trees.filter(clean), body_ascii=st.booleans())
@settings(max_examples=200, deadline=None)
def test_no_planted_value_leaves_in_any_encoding_of_json(content, extra, body_ascii):
    message = {"role": "user", "content": content if isinstance(content, str) else json.dumps(content)}
    tree = {"model": "m", "messages": [message], "unheard_of": extra}
    body = json.dumps(tree, ensure_ascii=body_ascii).encode()
    result = redacted(body, VALUES)
    for text in strings(orjson.loads(result.body)):
        assert not any(value in text for value in VALUES)


def strings(value) -> list[str]:
    """All strings and keys and numbers of a JSON value, also of JSON inside strings."""
    if isinstance(value, str):
        inner = []
        if value.lstrip()[:1] in {"{", "["}:
            try:
                inner = strings(json.loads(value))
            except ValueError:
                inner = []
        return [value, *inner]
    if isinstance(value, dict):
        return [text for pair in value.items() for item in pair for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [str(value)]


turns = st.lists(
    st.tuples(st.sampled_from(["user", "assistant"]), st.lists(leaf.filter(clean), min_size=1, max_size=3)), max_size=5
)


@given(messages=turns, once=st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_conversation_redacted_turn_by_turn_is_redacted_as_if_it_were_new(messages, once):
    """What is remembered of the messages of earlier turns never changes what the whole conversation becomes."""
    operators = dict.fromkeys(VALUES.values(), "placeholder")
    memory = {}
    for count in range(1, len(messages) + 1):
        said = [{"role": role, "content": " ".join(map(str, texts))} for role, texts in messages[:count]]
        request = DECODERS["openai_chat"](chat(*said))
        findings = find(request.parts(), VALUES, once=once)
        known = [memory.get(segment.content) for segment in request.segments]
        resumed, fresh = redact(request, findings, operators, KEY, known), redact(request, findings, operators, KEY)
        assert resumed.body == fresh.body
        assert resumed.placeholders == fresh.placeholders
        assert resumed.redactions == fresh.redactions
        for segment, remembered in zip(request.segments, resumed.segments, strict=False):
            if remembered.lasting:
                memory[segment.content] = remembered


def test_a_later_value_is_found_in_earlier_messages():
    operators = {"PERSON": "placeholder"}
    first = chat({"role": "user", "content": "ask Zhang about it"})
    request = DECODERS["openai_chat"](first)
    later = DECODERS["openai_chat"](
        chat({"role": "user", "content": "ask Zhang about it"}, {"role": "user", "content": "I am Anna Zhang, Zhang"})
    )
    before = redact(request, find(request.parts(), {"about": "PERSON"}), operators, KEY)
    findings = find(later.parts(), {"Zhang": "PERSON"}, once=False)[-1:]
    after = redact(later, findings, operators, KEY, [before.segments[0], None])
    assert b"Zhang" not in after.body
    assert b"about" not in after.body


WRITTEN = {
    "as a field": ("openai_completions", b'{"model": "m", "prompt": "I am Anna Li"}'),
    "in an array": ("openai_completions", b'{"model": "m", "prompt": ["I am Anna Li"]}'),
    "as another field": ("openai_completions", b'{"model": "m", "prompt": "x", "suffix": "I am Anna Li"}'),
    "with spaces": ("openai_chat", b'{"model": "m", "messages": [{"role": "user",  "content": "I am Anna Li"}]}'),
    "without": ("openai_chat", b'{"model":"m","messages":[{"role":"user","content":"I am Anna Li"}]}'),
    "escaped": ("openai_chat", b'{"model":"m","messages":[{"role":"user","content":"I am Ann\\u0061 Li"}]}'),
}


@pytest.mark.parametrize("before", WRITTEN)
@pytest.mark.parametrize("after", WRITTEN)
def test_what_is_remembered_of_a_text_never_changes_how_another_call_writes_it(before, after):
    protocol, body = WRITTEN[before]
    request = DECODERS[protocol](body)
    done = redact(request, find(request.parts(), {"Anna Li": "PERSON"}), {"PERSON": "placeholder"}, KEY)
    memory = {segment.content: known for segment, known in zip(request.segments, done.segments, strict=True)}
    protocol, body = WRITTEN[after]
    request = DECODERS[protocol](body)
    known = [memory.get(segment.content) for segment in request.segments]
    found = find(request.parts(), {"Anna Li": "PERSON"})
    sent = redact(request, found, {"PERSON": "placeholder"}, KEY, known).body
    placeholder = KEY.make("PERSON", "Anna Li").encode()
    assert sent == body.replace(b"\\u0061", b"a").replace(b"Anna Li", placeholder)


@pytest.mark.parametrize("twice", [False, True])
def test_the_fields_of_a_form_are_redacted_as_they_stand(twice):
    head = b'--b\r\nContent-Disposition: form-data; name="'
    body = (
        head + b'model"\r\n\r\nm\r\n' + head + b'prompt"\r\n\r\n{"a": "Anna Li"}, "Anna Li"\\u0041\r\n'
        + head + b'file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\nRIFF Anna Li\r\n--b--\r\n'
    )  # fmt: skip
    request = DECODERS["openai_transcriptions"](body)
    found = find(request.parts(), {"Anna Li": "PERSON"}, once=True)
    result = redact(request, found, {"PERSON": "placeholder"}, KEY)
    if twice:
        result = redact(request, found, {"PERSON": "placeholder"}, KEY, result.segments)
    placeholder = KEY.make("PERSON", "Anna Li").encode()
    assert result.body == body.replace(b'"Anna Li"', b'"%s"' % placeholder)
    assert result.redactions == {"PERSON": 2}
    assert result.places[-1].read(result.changed[len(request.segments) - 1]).parts()[0].text.count("⟦") == 2


def test_a_value_in_the_name_of_a_file_is_refused():
    head = b'--b\r\nContent-Disposition: form-data; name="'
    body = (
        head + b'model"\r\n\r\nm\r\n' + head + b'prompt"\r\n\r\nAnna Li\r\n'
        + head + b'file"; filename="Anna Li.wav"\r\n\r\nRIFF\r\n--b--\r\n'
    )  # fmt: skip
    request = DECODERS["openai_transcriptions"](body)
    found = [one for one in find(request.parts(), {"Anna Li": "PERSON"}) if one.path[0] == "form"]
    result = redact(request, found, {"PERSON": "placeholder"}, KEY)
    assert [one.path for one in result.unredactable] == [("file", "filename")]
