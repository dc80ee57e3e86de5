"""What must not cross a border, in every place of a request that can carry it: it is out of the body, or nothing leaves.

From the bytes of a call to the bytes that would be forwarded: decode, inspect, classify, decide by the strict profile,
redact. Afterwards no reading of the body may hold the value, as it was written or as anybody would decode it.
"""

from __future__ import annotations

import base64
import functools
import html
import json
import re
import unicodedata
import urllib.parse
from itertools import chain

import pytest

from gateway.errors import BadRequest, Unavailable
from gateway.flow import OPAQUE, Finding, PartKind
from gateway.inspection.classifier import classify
from gateway.inspection.engine import Engine
from gateway.inspection.guard import GuardScanner
from gateway.inspection.split_values import across, ends_of, joints, piece
from gateway.inspection.subjects import subject_key
from gateway.model_names import ModelNames
from gateway.protocols.registry import DECODERS
from gateway.redaction.placeholder import PlaceholderKey
from gateway.redaction.redact import redact
from gateway.steps.inspect import READ
from policies.bundle import load
from policies.engine import Engine as Policy

KEY = PlaceholderKey(b"k" * 32, "acme", "crm/li.wei")
MAIL, CARD, SECRET, PHONE, CNID, NAME = (
    "maria.schneider@example.com",
    "4111111111111111",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "+49 151 23456789",
    "11010519491231002X",
    "Maria Schneider",
)
SENTENCES = {
    MAIL: f"write to {MAIL} today",
    CARD: f"card {CARD} please",
    SECRET: f"token {SECRET} ok",
    PHONE: f"phone: {PHONE}",
    CNID: f"身份证 {CNID} 。",
    NAME: f"Our customer {NAME} called.",
}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2).decode()
LINES = "\n".join(PNG[at : at + 76] for at in range(0, len(PNG), 76))


def user(content, **fields):
    return {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": content}], **fields}


def assistant(block, **message):
    turns = [{"role": "user", "content": "x"}, {"role": "assistant", "content": [block], **message}]
    return {"model": "m", "max_tokens": 9, "messages": [*turns, {"role": "user", "content": "y"}]}


def turns(*texts):
    """A conversation in which user and assistant take turns."""
    roles = ("user", "assistant")
    return {
        "model": "m",
        "max_tokens": 9,
        "messages": [{"role": roles[n % 2], "content": t} for n, t in enumerate(texts)],
    }


def split(*texts):
    """One message in several blocks."""
    return user([{"type": "text", "text": text} for text in texts])


def item(**fields):
    return {"input": [{"role": "user", "content": "x"}, fields]}


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in text)


PLACES = {
    "content": lambda text, value: user(text),
    "block": lambda text, value: user([{"type": "text", "text": text}]),
    "unknown block": lambda text, value: user([{"type": "novel", "payload": {"deep": [text]}}]),
    "system turn": lambda text, value: {"model": "m", "messages": [{"role": "system", "content": text}]},
    "metadata": lambda text, value: user("x", metadata={"note": text}),
    "metadata id": lambda text, value: user("x", metadata={"id": f"call_{value}", "note": text}),
    "unknown field": lambda text, value: user("x", x_unknown=[{"a": [text]}]),
    "unknown key": lambda text, value: user("x", x_unknown={text: 1}),
    "stop": lambda text, value: user("x", stop=[text]),
    "tool": lambda text, value: user("x", tools=[{"type": "function", "name": "f", "function": {"name": "f", "description": text}}]),
    "json": lambda text, value: user(json.dumps({"m": text}, ensure_ascii=False)),
    "json in json": lambda text, value: user(json.dumps({"m": json.dumps({"n": text})})),
    "escaped json": lambda text, value: user('{"m":"' + escaped(text) + '"}'),
    "escaped words": lambda text, value: user('Data: {"m":"' + escaped(text) + '"} end'),
    "json lines": lambda text, value: user('{"a":1}\n{"m":' + json.dumps(text) + "}"),
    "escaped break": lambda text, value: user(f'log {{"m":"so:\\n{text}"}}'),
    "percent": lambda text, value: user("see " + urllib.parse.quote(text)),
    "tool input": lambda text, value: assistant({"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"id": text}}),
    "signature": lambda text, value: user([{"type": "text", "text": "x", "signature": text}]),
    "sealed": lambda text, value: user([{"type": "redacted_thinking", "data": text}]),
    "sealed answer": lambda text, value: assistant({"type": "redacted_thinking", "data": text}),
    "encrypted": lambda text, value: user([{"type": "web_search_result", "encrypted_content": text}]),
    "document": lambda text, value: user([{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": text}}]),
    "image": lambda text, value: user([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": text}}]),
    "image link": lambda text, value: user([{"type": "image_url", "image_url": {"url": f"https://a.example/?q={text}"}}]),
    "wide": lambda text, value: user("".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)),
    "invisible": lambda text, value: user("\u200b".join(text)),
    "base64": lambda text, value: user("decode " + base64.b64encode(text.encode()).decode() + " please"),
    "base64 twice": lambda text, value: user(base64.b64encode(base64.b64encode(text.encode())).decode()),
    "base64 url": lambda text, value: user("x", metadata={"blob": base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")}),
    "base64 lines": lambda text, value: user(base64.encodebytes(f"{text}\n{text}\n{text}".encode()).decode()),
    "base64 in json": lambda text, value: user(json.dumps({"m": base64.b64encode(text.encode()).decode()})),
    "hex": lambda text, value: user("0x" + text.encode().hex()),
    "hex bytes": lambda text, value: user(" ".join(f"{byte:02X}" for byte in text.encode())),
    "hex escapes": lambda text, value: user("".join(f"\\x{byte:02x}" for byte in text.encode())),
    "entities": lambda text, value: user("".join(f"&#{ord(character)};" for character in text)),
    "percent twice": lambda text, value: user(urllib.parse.quote(urllib.parse.quote(text))),
    "spelled": lambda text, value: user(" ".join(text.replace(" ", ""))),
}  # fmt: skip

ITEMS = {
    "text": lambda text, value: {"input": text},
    "instructions": lambda text, value: {"input": "x", "instructions": text},
    "call": lambda text, value: item(type="function_call", call_id="c", name="f", arguments=json.dumps({"q": text})),
    "call name": lambda text, value: item(type="function_call", call_id="c", name=text, arguments="{}"),
    "call id": lambda text, value: item(type="function_call", call_id=f"call_{value}", name="f", arguments=json.dumps(text)),
    "result": lambda text, value: item(type="function_call_output", call_id="c", output=text),
    "result block": lambda text, value: item(type="function_call_output", call_id="c", output=[{"type": "input_text", "text": text}]),
    "custom call": lambda text, value: item(type="custom_tool_call", call_id="c", name="p", input=text),
    "custom result": lambda text, value: item(type="custom_tool_call_output", call_id="c", output=text),
    "shell": lambda text, value: item(type="local_shell_call", call_id="c", action={"type": "exec", "command": ["bash", text], "env": {}}),
    "shell env": lambda text, value: item(type="local_shell_call", call_id="c", action={"type": "exec", "command": [], "env": {"A": text}}),
    "shell env name": lambda text, value: item(type="local_shell_call", call_id="c", action={"type": "exec", "command": [], "env": {text: "A"}}),
    "shell output": lambda text, value: item(type="shell_call_output", call_id="c", output=[{"stdout": text, "stderr": ""}]),
    "patch": lambda text, value: item(type="apply_patch_call", call_id="c", operation={"type": "create_file", "path": "a", "diff": text}),
    "typing": lambda text, value: item(type="computer_call", call_id="c", action={"type": "type", "text": text}),
    "search": lambda text, value: item(type="web_search_call", id="ws_1", action={"type": "search", "query": text}),
    "code": lambda text, value: item(type="code_interpreter_call", id="ci_1", code=text, outputs=[{"type": "logs", "logs": text}]),
    "mcp": lambda text, value: item(type="mcp_call", id="mcp_1", name="f", server_label="s", arguments="{}", output=text),
    "summary": lambda text, value: item(type="reasoning", summary=[{"type": "summary_text", "text": text}]),
    "reasoning": lambda text, value: item(type="reasoning", summary=[], content=[{"type": "reasoning_text", "text": text}]),
    "sealed reasoning": lambda text, value: item(type="reasoning", summary=[], encrypted_content=text),
    "compaction": lambda text, value: item(type="compaction", encrypted_content=text),
    "file name": lambda text, value: item(role="user", content=[{"type": "input_file", "filename": text, "file_data": PNG}]),
    "annotation": lambda text, value: item(role="assistant", content=[{"type": "output_text", "text": "x", "annotations": [{"type": "url_citation", "title": text, "url": "https://a.example"}]}]),
    "late tool": lambda text, value: item(type="additional_tools", role="developer", tools=[{"type": "function", "name": "f", "description": text}]),
    "unknown item": lambda text, value: item(type="novel", deep={"deeper": [text]}),
    "tool": lambda text, value: {"input": "x", "tools": [{"type": "function", "name": "f", "description": text}]},
    "grammar": lambda text, value: {"input": "x", "tools": [{"type": "custom", "name": "f", "format": {"type": "grammar", "syntax": "lark", "definition": text}}]},
    "schema": lambda text, value: {"input": "x", "text": {"format": {"type": "json_schema", "name": "n", "schema": {"description": text}}}},
    "prompt": lambda text, value: {"input": "x", "prompt": {"id": "pmpt_1", "variables": {"who": text}}},
    "client metadata": lambda text, value: {"input": "x", "client_metadata": {"note": text}},
    "cache key": lambda text, value: {"input": "x", "prompt_cache_key": text},
    "user": lambda text, value: {"input": "x", "user": text, "safety_identifier": text},
}  # fmt: skip
"""Places that only the Responses API has."""

EXTRA = {
    "card lines": (user("card 4111\n1111\n1111\n1111"), "4111\n1111"),
    "card slashes": (user("card 4111/1111/1111/1111"), "4111/1111"),
    "card gaps": (user("card 4111  1111  1111  1111"), "4111  1111"),
    "card plus": (user("see /?c=4111+1111+1111+1111"), "4111+1111"),
    "card percent": (user("see /?c=4111%201111%201111%201111"), "4111%201111"),
    "card halves": (split("card 41111111", "11111111 please"), "41111111"),
    "card halves of a turn": (turns("my card is 4111 1111", "1111 1111"), "4111 1111"),
    "card past an answer": (turns("my card is 4111 1111", "go on", "1111 1111"), "4111 1111"),
    "card quarters": (split("card", "4111", "1111", "1111", "1111"), "4111"),
    "key halves": (split("key ghp_16C7e42F292c6912", "E7710c838347Ae178B4a"), "ghp_16C7e42F292c6912"),
    "mail halves": (turns("write to maria.schneider@", "example.com"), "maria.schneider@"),
    "card strings": (user('a = "4111" + "1111" + "1111" + "1111"'), '"1111" + "1111'),
    "card comments": (user("# 4111 1111\n# 1111 1111"), "4111 1111"),
    "key lines": (user(f"key {SECRET[:20]}\n{SECRET[20:]}"), SECRET[:20]),
    "mail at": (user("write to maria.schneider (at) example.com"), "maria.schneider"),
    "mail words": (user("write to maria.schneider at example dot com"), "maria.schneider"),
    "lower name": (user("our customer maria schneider called again"), "maria schneider"),
    "lower copy": (user(f"Our customer {NAME} called.", metadata={"q": "maria schneider"}), "maria schneider"),
    "upper copy": (user(f"Our customer {NAME} called.", x_note="MARIA SCHNEIDER"), "MARIA SCHNEIDER"),
    "mail upper": (user(f"write to {MAIL}", metadata={"q": MAIL.upper()}), MAIL.upper()),
    "phone numerals": (user("电话一三八零零一三八零零零。"), "一三八零零"),
    "phone capital numerals": (user("手机号：壹叁捌零零壹叁捌零零零"), "壹叁捌零零"),
    "phone mixed numerals": (user("手机138零零一三八零零零"), "零零一三八"),
    "card words": (user("card four " + "one " * 15), "one one one"),
    "phone pinyin": (user("dianhua yao san ba ling ling yao san ba ling ling ling"), "yao san ba"),
    "model name": (user("x") | {"model": NAME}, NAME),
    "model handle": (user("x") | {"model": "maria-schneider"}, "maria-schneider"),
    "model phone": (user("x") | {"model": "+4915123456789"}, "4915123456789"),
    "model digits": (user("x") | {"model": "phone-0151-2345-6789"}, "0151-2345-6789"),
    "card float": (user("x", metadata={"card": 4111111111111111.0}), CARD),
    "card array": (user("x", metadata={"card": [4111, 1111, 1111, 1111]}), "4111"),
    "card digits": (user("x", metadata={"card": [int(digit) for digit in CARD]}), "4, 1, 1, 1"),
    "entity": (user("maria.schneider&#64;example.com"), "maria.schneider&#64;"),
    "named entity": (user("maria.schneider@example&period;com"), "maria.schneider@"),
    "id card": (user("x", messages=[{"role": "user", "content": "x", "id": "call_4111-1111-1111-1111"}]), "4111-1111"),
    "id key": (user("x", messages=[{"role": "user", "content": "x", "id": "call_" + SECRET}]), SECRET),
    "many tokens": (user("x", max_tokens=1234567), "1234567"),
    "image lines": (user([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": LINES}}]), LINES),
    "audio lines": (user([{"type": "input_audio", "input_audio": {"data": LINES, "format": "wav"}}]), LINES),
    "file lines": (user([{"type": "file", "file": {"file_data": LINES}}]), LINES),
    "video": (user([{"type": "video_url", "video_url": f"data:video/mp4;base64,{PNG}"}]), PNG),
    "image key": (user([{"type": "image", "image": f"DATA:image/png;base64,{PNG}"}]), PNG),
    "images": (user("x", messages=[{"role": "user", "content": "x", "images": [PNG]}]), PNG),
    "bytes in words": (user(f"look: {PNG} there"), PNG),
    "bytes in lines": (user(f"look:\n{LINES}\n"), LINES),
    "link list": (user([{"type": "image_url", "image_url": ["https://a.example/u"]}]), "a.example"),
    "video link": (user([{"type": "video_url", "video_url": "https://a.example/u"}]), "a.example"),
    "file ids": (user([{"type": "text", "text": "x"}], file_ids=["file-abc"]), "file-abc"),
    "message files": (user("x", messages=[{"role": "user", "content": "x", "file_ids": ["file-abc"]}]), "file-abc"),
    "prompt": (user("x", prompt={"id": "pmpt_abc"}), "pmpt_abc"),
    "audio id": (user("x", messages=[{"role": "assistant", "audio": {"id": "audio_abc"}}]), "audio_abc"),
    "sources": (user("x", data_sources=[{"type": "azure_search"}]), "azure_search"),
}  # fmt: skip


@pytest.fixture(scope="module")
def engine():
    return Engine(names=True)


@pytest.fixture(scope="module")
def policy():
    return Policy(load("builtin:strict"))


def facts(request, content) -> dict:
    counts = {kind: len(subjects) for kind, subjects in content.subjects.items()}
    kinds = ("pi", "spi", "health", "financial", "geo", "biometric", "identifier", "genomic", "omic")
    subjects = {kind: counts.get(kind, 0) for kind in kinds}
    us = ("health", "financial", "geo", "biometric", "identifier", "genomic", "omic")
    return {
        "schema": "lexgate/input@1",
        "now": "2026-11-24T12:00:00Z",
        "caller": {"tenant": "acme", "application": "crm", "audience": "internal", "user": "u", "purpose": "support", "country": "DE", "region": ""},
        "organisation": {"name": "Example AG", "country": "DE", "ciio": False, "hipaa": False},
        "destination": {"provider": "p", "model": request.model, "country": "US", "retention_days": None, "training": None, "certifications": [], "covered_person": False},
        "request": {
            "protocol": request.protocol, "stream": False, "json_mode": False, "tools": len(request.caller_tools),
            "provider_tools": sorted(request.provider_tools), "references": list(request.references),
            "uninspected": list(content.uninspected),
        },
        "data": {
            "grade": content.grade, "categories": sorted(content.categories), "entities": dict(content.entities),
            "subjects": subjects, "new_subjects": subjects, "important": content.important, "minors": content.minors,
        },
        "counters": {"cn_pi_ytd": 0, "cn_spi_ytd": 0} | {f"us_{kind}_12m": 0 for kind in us},
        "mechanisms": [],
        "attempt": 1,
    }  # fmt: skip


def inspected(request, engine):
    """What step `inspect` finds, without its cache."""
    parts = [part for part in request.parts() if part.kind not in OPAQUE and len(part.text) > 1]
    cues = [
        next((f"{key}: " for key in reversed(part.path) if isinstance(key, str)), "")
        if part.kind in {PartKind.FIELD, PartKind.NUMBER}
        else ""
        for part in parts
    ]
    spans = engine.inspect_many([cue + part.text for cue, part in zip(cues, parts, strict=True)])
    for cue, part, found in zip(cues, parts, spans, strict=True):
        for span in found:
            if span.end > len(cue):
                at = type(span)(max(0, span.start - len(cue)), span.end - len(cue), span.label, span.score, "t")
                yield finding(part, at, part.text[at.start : at.end])
    texts = [
        [(index, part.text) for index, part in enumerate(segment.parts()) if part.kind in READ]
        for segment in request.segments
    ]
    inner = [joints([piece((place, index), text) for index, text in run]) for place, run in enumerate(texts)]
    for joint in [
        *chain.from_iterable(inner),
        *across([(s.role, ends_of(run)) for s, run in zip(request.segments, texts, strict=True)]),
    ]:
        for (segment, index), span, value in joint.split(engine.inspect(joint.text)):
            yield finding(request.segments[segment].parts()[index], span, value)


def finding(part, span, value):
    subject = subject_key(b"s" * 32, "acme", span.label, value)
    return Finding(part.path, part.kind, span, part.text[span.start : span.end], subject)


@functools.cache
def model_names() -> ModelNames:
    return ModelNames(GuardScanner())


def forwarded(protocol, tree, engine, policy) -> bytes:
    """What would leave; b"" if nothing does."""
    if protocol == "openai_responses" and "messages" in tree:
        names = {"messages": "input", "max_tokens": "max_output_tokens"}
        tree = {names.get(key, key): value for key, value in tree.items()}
    try:
        request = DECODERS[protocol](json.dumps(tree, ensure_ascii=False).encode())
        if request.family == "gemini":  # whose paths name the model
            request = request.addressed("gemini-2.5-flash", stream=False, framing="sse")
        model_names().check(request.model)
    except BadRequest:
        return b""
    findings = list(inspected(request, engine))
    content = classify(findings, {str(part.kind) for part in request.parts() if part.kind in OPAQUE})
    decision = policy.decide(facts(request, content))
    if decision.action in {"block", "approval", "route"}:
        return b""
    try:
        result = redact(request, findings, decision.redact, KEY)
    except Unavailable:
        return b""
    return b"" if result.unredactable else result.body


CODE = re.compile(r"[A-Za-z0-9+/_-]{12,}(?:\n[A-Za-z0-9+/_-]{4,})*")


def decoded64(code):
    bare = re.sub(r"[^A-Za-z0-9+/]", "", code.replace("-", "+").replace("_", "/"))
    return base64.b64decode(bare[: len(bare) - (len(bare) % 4 == 1)] + "==")


def readings(value):
    """Every string, key and number of a body, and of what is written inside its strings."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from readings(key)
            yield from readings(item)
    elif isinstance(value, list):
        yield json.dumps(value)
        for item in value:
            yield from readings(item)
    else:
        text = str(value)
        yield text
        yield unicodedata.normalize("NFKC", html.unescape(urllib.parse.unquote(text))).replace("\u200b", "")
        for code in CODE.findall(text):
            for read in (decoded64, bytes.fromhex):
                try:
                    inner = read(code)
                except ValueError:
                    continue
                yield inner.decode(errors="replace")
                yield decoded64(inner.decode(errors="replace")).decode(errors="replace")
        if "\\" in text:
            yield text.encode("latin-1", "backslashreplace").decode("unicode_escape")
        if isinstance(value, str) and text.lstrip()[:1] in {"{", "["}:
            try:
                yield from readings(json.loads(text))
            except ValueError:
                return


def assert_absent(body: bytes, value: str) -> None:
    if body:
        for text in readings(json.loads(body)):
            assert value not in text, text[:80]


@pytest.mark.parametrize("protocol", ["openai_chat", "anthropic_messages", "openai_responses"])
@pytest.mark.parametrize("value", SENTENCES, ids=["mail", "card", "key", "phone", "cnid", "name"])
@pytest.mark.parametrize("place", PLACES)
def test_no_value_leaves_from_any_place(protocol, value, place, engine, policy):
    assert_absent(forwarded(protocol, PLACES[place](SENTENCES[value], value), engine, policy), value)


@pytest.mark.parametrize("protocol", ["openai_chat", "anthropic_messages", "openai_responses"])
@pytest.mark.parametrize("case", EXTRA)
def test_no_writing_and_no_medium_slips_through(protocol, case, engine, policy):
    tree, value = EXTRA[case]
    assert_absent(forwarded(protocol, tree, engine, policy), value)


@pytest.mark.parametrize("value", SENTENCES, ids=["mail", "card", "key", "phone", "cnid", "name"])
@pytest.mark.parametrize("place", ITEMS)
def test_no_value_leaves_from_any_place_of_a_response_call(value, place, engine, policy):
    tree = {"model": "m", **ITEMS[place](SENTENCES[value], value)}
    assert_absent(forwarded("openai_responses", tree, engine, policy), value)


@pytest.mark.parametrize("place", ["content", "metadata", "json in json", "escaped words", "percent", "wide"])
@pytest.mark.parametrize("value", [MAIL, CARD, NAME], ids=["mail", "card", "name"])
def test_personal_data_is_redacted_and_the_call_goes_on(place, value, engine, policy):
    body = forwarded("openai_chat", PLACES[place](SENTENCES[value], value), engine, policy)
    assert "⟦" in json.dumps(json.loads(body), ensure_ascii=False)


@pytest.mark.parametrize("protocol", ["openai_chat", "anthropic_messages", "openai_responses"])
def test_ordinary_calls_pass_as_they_are(protocol, engine, policy):
    call = {"type": "tool_use", "id": "toolu_01A09q90qw90lq917835lq9", "name": "f", "input": {"path": "C:\\new\\table"}}
    if protocol == "openai_responses":
        call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"path": "C:\\\\new"}'}
        tree = {"model": "m", "input": [{"role": "user", "content": "100% of a & b"}, call], "store": False}
        body = json.dumps(tree).encode()
        assert forwarded(protocol, tree, engine, policy) == body
        return
    for tree in (user("100% of a & b; x = a[1] + 2\\n"), assistant(call), user("2019\n2020\n2021\n2022")):
        body = json.dumps(tree, ensure_ascii=False).encode()
        assert forwarded(protocol, tree, engine, policy) == body
