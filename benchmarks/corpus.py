"""The prompts of the benchmark: made, not collected. Every name, number and address in them is invented.

Bodies are JSON without spaces, one a line: the load driver sends them in order. The same seed makes the same corpus.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

MODEL = "canned-model"
CHAT = "/v1/chat/completions"
PLANTED = "planted.example"
"""Domain of every e-mail address in the corpus: what the provider counts to see whether a value got through."""

SPOKEN = "spoken"
"""The tag that has a stream say words, with the send time in each tenth event only."""
SPOKEN_LONG = "spokenlong"
"""The same, five times as many. Letters alone: what looks like somebody's id does not reach the provider."""

SHARE_WITH_PERSONAL_DATA = 0.3
ANSWER = (
    "A gateway reads each call before it leaves, decides by rules that name their source, and keeps "
    "a record that others can check. It forwards what nothing touches byte by byte, and puts typed marks where values "
    "must not travel. What comes back is read as it arrives and goes on at once, so that a stream stays a stream. "
    "The cost of all this is counted in microseconds for a call. Reference:"
)
"""What native/provider.c answers before the tag of the call; the two texts must stay the same."""

_TALK = (
    "please summarise the open ticket about our heating unit and say what the service team should do next since the "
    "pump makes noise in the morning while pressure falls slowly and the display shows no error at all before we order "
    "a new valve check whether the older part could be cleaned explain the choice in three short points for a reader "
    "who knows the building but not the machine mention cost only where it matters and keep the tone friendly because "
    "the last answer was late then suggest a date for the visit and list what must be ready on that day"
)
_WORDS = tuple(_TALK.split())
_GIVEN = ("Anna", "James", "Maria", "Oliver", "Sofia", "Thomas", "Emily", "Lukas", "Grace", "Daniel")
_FAMILY = ("Becker", "Thompson", "Rossi", "Keller", "Harrison", "Novak", "Fischer", "Wallace", "Bennett", "Moreau")
_CHINESE = ("王伟", "李娜", "张敏", "刘洋", "陈静", "杨帆", "赵磊", "黄丽", "周杰", "吴倩")


def _luhn(rng: random.Random) -> str:
    digits = [4, *(rng.randrange(10) for _ in range(14))]
    total = sum(sum(divmod(digit * 2, 10)) if index % 2 == 0 else digit for index, digit in enumerate(digits))
    number = "".join(map(str, digits)) + str(-total % 10)
    return " ".join(number[at : at + 4] for at in range(0, 16, 4))


def _sentence(rng: random.Random) -> str:
    text = " ".join(rng.choices(_WORDS, k=rng.randint(9, 17)))
    return text[0].upper() + text[1:] + ". "


def _personal(rng: random.Random) -> str:
    given, family = rng.choice(_GIVEN), rng.choice(_FAMILY)
    mail = f"{given}.{family}{rng.randrange(10_000)}@{PLANTED}".lower()
    phone = f"+1 {rng.choice((202, 312, 415))} 555 01{rng.randrange(100):02d}"
    if rng.random() < 0.5:
        return f"The customer is {given} {family}, {mail}, phone {phone}, card {_luhn(rng)}. "
    return f"客户{rng.choice(_CHINESE)}的手机号是138{rng.randrange(10**8):08d}，邮箱是{mail}。 "


def text(rng: random.Random, size: int, *, personal: bool) -> str:
    """About `size` bytes of UTF-8; unique for practical purposes."""
    sentences = [f"Case {rng.getrandbits(48):x}. "]
    length = len(sentences[0])
    while length < size:
        sentences.append(_sentence(rng))
        length += len(sentences[-1])
    if personal:
        sentences.insert(rng.randrange(1, len(sentences)), _personal(rng))
    return "".join(sentences)[:size].rstrip() if not personal else "".join(sentences).rstrip()


def _body(messages: list[dict[str, str]], *, stream: bool = False, tag: str = "") -> str:
    document: dict[str, object] = {"model": MODEL, "messages": messages, "temperature": 0.2, "max_tokens": 256}
    if tag:
        document["user"] = tag
    if stream:
        document |= {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def prompts(seed: str, count: int, size: int, *, stream: bool = False, tag: str = "") -> list[str]:
    """`count` unique bodies of about `size` bytes, SHARE_WITH_PERSONAL_DATA of them with names and numbers."""
    rng = random.Random(seed)
    system = {"role": "system", "content": "You are a helpful assistant."}
    bodies = []
    for _ in range(count):
        personal = rng.random() < SHARE_WITH_PERSONAL_DATA
        content = text(rng, max(64, size - 190), personal=personal)
        bodies.append(_body([system, {"role": "user", "content": content}], stream=stream, tag=tag))
    return bodies


STREAMS = {
    "sse_responses": "/v1/responses",
    "sse_anthropic": "/v1/messages",
    "sse_gemini": f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse",
}
"""Streams of words in the other protocols, and where they are asked for."""


def streamed(scenario: str, count: int, size: int) -> list[str]:
    """The prompts of one of STREAMS: as `prompts` makes them, in its protocol."""
    bodies = []
    for body in prompts(scenario, count, size):
        system, user = (message["content"] for message in json.loads(body)["messages"])
        document: dict[str, object] = {"model": MODEL, "stream": True}
        if scenario == "sse_responses":
            document |= {"instructions": system, "input": user, "max_output_tokens": 256, "store": False}
        elif scenario == "sse_anthropic":
            document |= {"system": system, "messages": [{"role": "user", "content": user}], "max_tokens": 256}
        else:
            said = [{"role": "user", "parts": [{"text": user}]}]
            document = {"contents": said, "systemInstruction": {"parts": [{"text": system}]}}
        bodies.append(json.dumps(document, ensure_ascii=False, separators=(",", ":")))
    return bodies


def conversations(seed: str, count: int, turns: int) -> list[list[str]]:
    """For each turn, `count` bodies: the whole conversation so far, resent, with the answers the provider gave."""
    rng = random.Random(seed)
    histories: list[list[dict[str, str]]] = [
        [{"role": "system", "content": "You are a helpful assistant."}] for _ in range(count)
    ]
    by_turn = []
    for turn in range(1, turns + 1):
        bodies = []
        for number, history in enumerate(histories):
            personal = rng.random() < SHARE_WITH_PERSONAL_DATA
            history.append({"role": "user", "content": text(rng, 400, personal=personal)})
            tag = f"{seed}-{number}-{turn}"
            bodies.append(_body(history, tag=tag))
            history.append({"role": "assistant", "content": f"{ANSWER} {tag}"})
        by_turn.append(bodies)
    return by_turn


def write(path: Path, bodies: list[str]) -> Path:
    """One body a line."""
    path.write_text("".join(body + "\n" for body in bodies), encoding="utf-8")
    return path
