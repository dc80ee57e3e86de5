"""Parents are found by what a call carries: by equal content only, never across tenants, whichever worker remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lineage.ancestry import MOST_NAMES, Lineage, said
from gateway.lineage.cells import ENTRY, PLACES
from gateway.lineage.table import BUCKETS, LineageTable
from gateway.protocols.anthropic_messages import decode as decode_anthropic
from gateway.protocols.openai_chat import decode as decode_openai
from gateway.services import TenantKeys

LONG = "The harbour of Rostock was first mentioned in the year 1160."
OTHER = "Nobody knows how many herrings passed through it since then."


def flow_id(number: int) -> str:
    return f"01990000-0000-7000-8000-{number:012x}"


@dataclass
class Called:
    """What the caller's side shows of itself."""

    headers: dict[bytes, str] = field(default_factory=dict)

    def header(self, name: bytes) -> str:
        return self.headers.get(name, "")


@pytest.fixture
def lineage(tmp_path: Path) -> Lineage:
    return worker(tmp_path)


def worker(folder: Path) -> Lineage:
    """One more worker over the same table."""
    return Lineage(LineageTable(folder / "lineage.map"), TenantKeys(lambda purpose, tenant: tenant.encode().ljust(32)))


def flow(
    lineage: Lineage, number: int, messages: list[Any], answer: list[tuple[str, str]] | None = None, *,
    tenant: str = "acme", anthropic: bool = False, session: str = "", traceparent: str = "", declared: str = "",
) -> Any:  # fmt: skip
    """A flow as `classify` and `settle` see it."""
    body = orjson.dumps({"model": "m", "max_tokens": 9, "messages": messages})
    request = (decode_anthropic if anthropic else decode_openai)(body)
    key = lineage.key(tenant)
    return SimpleNamespace(
        id=flow_id(number), request=request, session=session, parents=(declared,) if declared else (),
        said=tuple(said(segment.parts(), key) for segment in request.segments),
        who=SimpleNamespace(tenant=tenant, application="crm", user="li"),
        caller=Called({b"traceparent": traceparent}),
        trace=SimpleNamespace(trace_id="a" * 32, span_id=f"{number:016x}"),
        report=SimpleNamespace(said=tuple(answer or ())),
        known=None,
        conversation=None,
    )  # fmt: skip


def user(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def test_a_resent_conversation_is_the_child_of_its_latest_turn(lineage: Lineage) -> None:
    turns = [user("Hi")]
    lineage.remember(flow(lineage, 1, turns, [("text", "Yes?")]))
    turns += [assistant("Yes?"), user("And?")]
    second = flow(lineage, 2, turns, [("text", LONG)])
    assert lineage.parents(second) == {flow_id(1): "turn"}
    lineage.remember(second)
    third = flow(lineage, 3, [*turns, assistant(LONG), user("Thanks")])
    assert lineage.parents(third) == {flow_id(2): "turn"}


def test_two_conversations_that_begin_alike_are_not_mixed_up(lineage: Lineage) -> None:
    lineage.remember(flow(lineage, 1, [user("Hi")], [("text", "One?")]))
    lineage.remember(flow(lineage, 2, [user("Hi")], [("text", "Two?")]))
    assert lineage.parents(flow(lineage, 3, [user("Hi"), assistant("One?"), user("x")])) == {flow_id(1): "turn"}
    assert lineage.parents(flow(lineage, 4, [user("Hi"), assistant("Two?"), user("x")])) == {flow_id(2): "turn"}
    assert lineage.parents(flow(lineage, 5, [user("Hi")])) == {}


def test_what_another_application_carries_on_is_found_by_its_content(lineage: Lineage) -> None:
    lineage.remember(flow(lineage, 1, [user("Tell me of Rostock")], [("text", f"{LONG}\n\nMore on request.")]))
    quoted = flow(lineage, 2, [{"role": "system", "content": "Translate."}, user(f"Translate:\n> x\n{LONG}\nThanks!")])
    assert lineage.parents(quoted) == {}, "a line of less than 64 bytes may be said by chance"
    whole = flow(
        lineage,
        3,
        [user([{"type": "text", "text": "Translate:"}, {"type": "text", "text": f"{LONG}\n\nMore on request."}])],
    )
    assert lineage.parents(whole) == {flow_id(1): "content"}


def test_a_long_line_is_known_in_a_tool_result_with_line_numbers(lineage: Lineage) -> None:
    line = f"{LONG} {OTHER}"
    arguments = orjson.dumps({"path": "a.txt", "content": f"short\n{line}\n"}).decode()
    lineage.remember(flow(lineage, 1, [user("Write it down")], [("tool", arguments)]))
    result = {"type": "tool_result", "tool_use_id": "t", "content": f"     1\tshort\n     2\t{line}\n"}
    read = flow(lineage, 2, [user([result])], anthropic=True)
    assert lineage.parents(read) == {flow_id(1): "content"}


def test_an_answer_that_only_repeats_the_request_has_no_children_by_it(lineage: Lineage) -> None:
    lineage.remember(flow(lineage, 1, [user(LONG)], [("text", LONG)]))
    assert lineage.parents(flow(lineage, 2, [user(f"{LONG}"), user("again")])) == {}


def test_marks_that_clients_move_about_change_nothing(lineage: Lineage) -> None:
    block = {"type": "text", "text": "Hi"}
    lineage.remember(
        flow(lineage, 1, [user([block | {"cache_control": {"type": "ephemeral"}}])], [("text", "Yes?")], anthropic=True)
    )
    again = flow(
        lineage, 2, [user([block]), assistant([{"type": "text", "text": "Yes?"}]), user("And?")], anthropic=True
    )
    assert lineage.parents(again) == {flow_id(1): "turn"}


def test_tenants_share_nothing(lineage: Lineage) -> None:
    lineage.remember(
        flow(lineage, 1, [user("Hi")], [("text", LONG)], session="s", traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
    )
    for messages in ([user("Hi"), assistant(LONG), user("x")], [user(LONG)]):
        stranger = flow(lineage, 2, messages, tenant="globex", session="s", traceparent=f"00-{'a' * 32}-{1:016x}-01")
        assert lineage.parents(stranger) == {}


def test_headers_speak_where_content_is_silent(lineage: Lineage) -> None:
    first = flow(
        lineage, 1, [user("Hi")], [("text", "Yes?")], session="s-1", traceparent=f"00-{'a' * 32}-{'b' * 16}-01"
    )
    lineage.remember(first)
    above = f"00-{'a' * 32}-{1:016x}-01"
    assert lineage.parents(flow(lineage, 2, [user("x")], traceparent=above)) == {flow_id(1): "span"}
    assert lineage.parents(flow(lineage, 3, [user("x")], traceparent=f"00-{'a' * 32}-{'c' * 16}-01")) == {
        flow_id(1): "trace"
    }
    assert lineage.parents(flow(lineage, 4, [user("x")], session="s-1")) == {flow_id(1): "session"}
    assert lineage.parents(flow(lineage, 5, [user("x")], session="s-2")) == {}
    declared = flow(lineage, 6, [user("x")], session="s-1", declared=flow_id(9))
    assert lineage.parents(declared) == {flow_id(9): "declared"}


def test_a_call_without_an_answer_is_nobodys_parent(lineage: Lineage) -> None:
    lineage.remember(flow(lineage, 1, [user(LONG)], []))
    assert lineage.parents(flow(lineage, 2, [user(LONG), assistant("what?"), user("x")])) == {}


def test_workers_share_what_they_remember_and_a_restart_keeps_it(tmp_path: Path) -> None:
    first, second = worker(tmp_path), worker(tmp_path)
    first.remember(flow(first, 1, [user("Hi")], [("text", LONG)]))
    assert second.parents(flow(second, 2, [user(LONG)])) == {flow_id(1): "content"}
    assert worker(tmp_path).parents(flow(second, 3, [user(LONG)])) == {flow_id(1): "content"}
    assert (tmp_path / "lineage.map").stat().st_mode & 0o077 == 0
    assert LONG.encode() not in (tmp_path / "lineage.map").read_bytes()


def test_a_full_bucket_forgets_its_oldest_flow(tmp_path: Path) -> None:
    table = LineageTable(tmp_path / "lineage.map")
    names = [bytes([0, 0, 0, 7]) + number.to_bytes(12, "big") for number in range(PLACES + 1)]
    for number in (3, 1, 4, 2, 5):
        table.put([names[number - 1]], flow_id(number))
    assert [table.get(name) for name in names] == [None, *(flow_id(number) for number in (2, 3, 4, 5))]
    table.put([names[1]], flow_id(9))
    assert table.get(names[1]) == flow_id(9)
    assert 7 < BUCKETS


def test_a_torn_entry_reads_as_none(tmp_path: Path) -> None:
    table, name = LineageTable(tmp_path / "lineage.map"), bytes(range(16))
    table.put([name], flow_id(1))
    data = bytearray((tmp_path / "lineage.map").read_bytes())
    at = data.find(name)
    assert at % ENTRY.size == 0
    data[at + 20] ^= 1
    (tmp_path / "lineage.map").write_bytes(data)
    assert LineageTable(tmp_path / "lineage.map").get(name) is None


def test_a_huge_text_costs_no_more_names_than_a_long_one(lineage: Lineage) -> None:
    line = f"{LONG} {OTHER}"
    huge = "".join(f"{number} {line}\n" for number in range(5000))
    asked = flow(lineage, 1, [user(huge)])
    assert len(asked.said[0].names) <= MOST_NAMES
    answered = flow(lineage, 2, [user("Say much")], [("text", huge * 5)])
    lineage.remember(answered)
    assert lineage.parents(flow(lineage, 3, [user(f"17 {line}\nand more")])) == {}, (
        "too large to be remembered by content"
    )
    again = flow(lineage, 4, [user("Say much"), assistant(huge * 5), user("More")])
    assert lineage.parents(again) == {flow_id(2): "turn"}, "its conversation is known all the same"


@given(
    texts=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=120), min_size=1, max_size=4
    ),
    answer=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=200),
)
def test_any_conversation_is_found_again_by_its_tenant_and_by_nobody_else(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], answer: str
) -> None:
    own = worker(tmp_path_factory.mktemp("lineage"))
    turns = [user(text) if index % 2 == 0 else assistant(text) for index, text in enumerate(texts)]
    own.remember(flow(own, 1, turns, [("text", answer)]))
    later = [*turns, assistant(answer), user("go on")]
    assert own.parents(flow(own, 2, later)) == {flow_id(1): "turn"}
    assert own.parents(flow(own, 3, later, tenant="globex")) == {}
