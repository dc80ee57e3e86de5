"""A record in plain language, where what was made is no text: which marks each output carries, and what is not known."""

from __future__ import annotations

from typing import Any

from audit.search.story import story_of

FLOW = "01a21894-6ea4-71f5-8bf4-a63993667caf"
OUTPUT = {
    "index": 0, "media_type": "image/png", "produce_id": f"{FLOW}-0", "carries": ["explicit", "invisible", "c2pa"],
    "profile": "eu", "timestamped": False, "bytes": 4711,
}  # fmt: skip


def story(meter: dict[str, Any] | None = None, **pub: Any) -> list[str]:
    record = {
        "flow": FLOW, "time": "2026-11-26T15:58:30Z", "status": "completed", "intents": [], "outcome": None,
        "settle": None, "subj": {}, "pub": pub, "meter": meter or {},
    }  # fmt: skip
    return [line.strip() for line in story_of(record).splitlines()]


def test_each_output_says_which_marks_it_carries() -> None:
    lines = story(labels=OUTPUT["carries"], outputs=[OUTPUT, OUTPUT | {"produce_id": f"{FLOW}-1", "carries": []}])
    assert "labels    explicit, invisible, c2pa" in lines
    assert f"output    {FLOW}-0, image/png, 4711 bytes: carries explicit, invisible, c2pa (profile eu)" in lines
    assert f"output    {FLOW}-1, image/png, 4711 bytes: carries no mark (profile eu)" in lines


def test_what_came_along_and_what_was_left_out_is_told() -> None:
    given = {"media_type": "image/jpeg", "c2pa": "valid", "aigc": True}
    waived = {"profile": "cn", "keep_months": 6}
    lines = story(ingredients=[given], label_waived=waived, text_manifest="c2pa")
    assert "input     image/jpeg: C2PA manifest valid, with AIGC label" in lines
    kept = "the explicit label, at the caller's request, by profile cn; this record is to be kept 6 months"
    assert f"waived    {kept}" in lines
    assert "text      ends in a C2PA text manifest" in lines
    assert "text      has no C2PA text manifest (too short)" in story(text_manifest="too short")


def test_usage_of_what_is_no_text() -> None:
    counted = {"input": 9, "output": 0, "method": "estimate", "media": True}
    lines = story({"counted": counted, "price": None})
    tokens = "9 in by our own count (estimate); what was made and is no text has no tokens to count"
    assert f"tokens    {tokens}" in lines
    assert "price     unknown: the provider reported no usage of what it made" in lines
    assert not any(line.startswith("price") for line in story({"counted": counted | {"media": False}}))
