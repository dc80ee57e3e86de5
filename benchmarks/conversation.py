"""CPU that a conversation costs the inspectors beside inspecting its final text once: `python -m benchmarks.conversation`.

A client resends its history with every turn. What was seen before, the model's own answers included, is not inspected
again; so a conversation of a hundred turns should cost little more than its final text. One real gateway, a canned
provider (it says what it was told), everything on. Two figures: the CPU seconds of inspection, as the inspector counts
them, and those of its whole process as the kernel counts them. The latter have what no final text has a hundred times: a
hundred answers recounted, priced and fingerprinted, and two hundred times the way into the process and back.

What is compared: a conversation's turns come one at a time over a connection that stays open, as from a client of a
provider's SDK. A final text of the same making and size, of which no process has seen anything, goes through once, in
one call of another tenant: inspected, counted and settled like any other. Rounds take turns with one another, so that
a machine that is shared does both equally slowly; each has its own texts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from gateway.inspection.client import InspectorPool
from gateway.inspection.engine import Engine
from tests.e2e.product import Product, running

FIRST = ("Maria", "Wei", "Anna", "Oluwaseun", "建国", "晓燕")
LAST = ("Schneider", "Zhang", "Okonkwo", "Lindqvist", "欧阳", "邱")
SENTENCES = (
    "Please look at order {number} of {name} and tell me what went wrong.",
    "The customer's phone is +49 151 {number} and she wants an answer today.",
    "Can you rewrite the second paragraph so that it sounds less formal?",
    "请把这段话翻译成英文，并检查语法。",
    "What would you say to somebody who has waited for three weeks?",
    "The depot in Hamburg says that the parcel left on Monday.",
    "请联系{name}，电话是138{number}。",
)


def turn(draw: random.Random, sentences: int) -> str:
    """Something a person says; a sentence has some fifty characters."""
    chosen = draw.choices(SENTENCES, k=sentences)
    return " ".join(
        each.format(name=f"{draw.choice(FIRST)} {draw.choice(LAST)}", number=draw.randint(10_000_000, 99_999_999))
        for each in chosen
    )


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU seconds of an inspector so far."""

    inspection: float
    settlement: float
    process: float  # everything: the two, and the way in and out

    def __sub__(self, other: Spent) -> Spent:
        return Spent(
            self.inspection - other.inspection, self.settlement - other.settlement, self.process - other.process
        )

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.inspection + other.inspection, self.settlement + other.settlement, self.process + other.process
        )

    def __str__(self) -> str:
        return f"inspection {self.inspection:.3f} s, settlement {self.settlement:.3f} s, whole process {self.process:.3f} s"


def spent(product: Product) -> Spent:
    (inspector,) = [
        child for child in psutil.Process(product.gateway.pid).children() if "process-inspector" in child.cmdline()
    ]
    by_work = asyncio.run(_usage(product.folder / "run" / "inspector-0.sock"))
    return Spent(by_work["inspection"], by_work["settlement"], _cpu_seconds(inspector))


def _cpu_seconds(process: psutil.Process) -> float:
    """As the scheduler counts them, in nanoseconds: the kernel's ticks are too coarse here."""
    threads = Path(f"/proc/{process.pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


async def _usage(socket: Path) -> dict[str, float]:
    pool = InspectorPool([socket])
    await pool.start()
    try:
        used: dict[str, float] = await pool.call("usage", {}, 10)
        return used
    finally:
        await pool.close()


def measured(product: Product, client: httpx.Client, turns: int, sentences: int, seed: int) -> tuple[Spent, Spent]:
    """CPU seconds of the inspector: for a conversation, and for a final text once."""
    draw = random.Random(seed)
    messages: list[dict[str, Any]] = []
    flow = ""
    before = spent(product)
    for _ in range(turns):
        messages.append({"role": "user", "content": turn(draw, sentences)})
        said, flow = _ask(product, client, messages, "crm")
        messages.append({"role": "assistant", "content": said})
    product.record(flow)  # settled: what is measured is over
    middle = spent(product)
    texts = [turn(draw, sentences) for _ in range(turns)]
    final = [{"role": role, "content": text} for text in texts for role in ("user", "assistant")]
    product.record(_ask(product, client, final, "other")[1])
    return middle - before, spent(product) - middle


def detectors(turns: int, sentences: int, seed: int) -> tuple[float, float]:
    """CPU seconds of the detectors alone: text by text as they come, and all at once. What small texts cost more."""
    engine, draw = Engine(), random.Random(seed)
    texts = [turn(draw, sentences) for _ in range(turns)]
    engine.inspect_many(texts)  # whatever is made at its first use is made
    apart = together = 0.0
    for _ in range(3):
        begun = time.process_time()
        for text in texts:
            engine.inspect(text)
        middle = time.process_time()
        engine.inspect_many(texts)
        apart, together = apart + middle - begun, together + time.process_time() - middle
    return apart / 3, together / 3


def _ask(product: Product, client: httpx.Client, messages: list[dict[str, Any]], caller: str) -> tuple[str, str]:
    """(what the model said, the flow)"""
    body = json.dumps({"model": "home-1", "messages": messages}).encode()
    answer = client.post(f"{product.url}/v1/chat/completions", headers=product.headers(caller), content=body)
    answer.raise_for_status()
    return str(answer.json()["choices"][0]["message"]["content"]), answer.headers["lexgate-flow"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--sentences", type=int, default=40, help="of each message")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder)) as product,
        httpx.Client(timeout=120) as client,
    ):
        measured(product, client, 2, options.sentences, options.seed)  # what is loaded on first use
        rounds = [
            measured(product, client, options.turns, options.sentences, options.seed + number)
            for number in range(1, options.rounds + 1)
        ]
    for conversation, once in rounds:
        print(f"{options.turns} turns: {conversation}\n  a final text once: {once}")
    every, final = (sum(each, Spent(0, 0, 0)) for each in zip(*rounds, strict=True))
    print(
        f"ratio of the sums: inspection {every.inspection / final.inspection:.2f}, process {every.process / final.process:.2f}"
    )
    apart, together = detectors(options.turns, options.sentences, options.seed)
    print(f"the detectors alone: {apart:.2f} s text by text, {together:.2f} s at once; ratio {apart / together:.2f}")


if __name__ == "__main__":
    main()
