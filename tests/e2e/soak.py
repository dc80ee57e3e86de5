"""Mixed traffic for a long time: every protocol, faults of the provider, callers that leave, bundles swapped under load.

`python -m tests.e2e.soak --minutes 30` runs it and prints a report; exit status 0: no unexplained error, no process that
grows by more than --growth after warming up, the log verifies. Each kind of call says beforehand how it may end:
everything else is unexplained.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from policies.bundle import load
from tests.e2e.product import Product, canned_provider, end, prepare

CALLERS = 4
"""One after the other each; --callers says otherwise."""
SWAP_SECONDS = 7.0
SAMPLE_SECONDS = 5.0
VERIFY_SECONDS = 900.0
"""For verifying a log of half an hour: a millisecond a call, and a machine may be busy with other things."""
WARM_SHARE = 1 / 3
"""Of the time that belongs to warming up: caches fill, models are loaded."""
GROWTH_MIB_PER_HOUR = 32.0
"""What a process may grow, by the slope of its resident memory after warming up."""
LEAST_MINUTES = 15.0
"""A shorter run shows slopes without judging them: caches still fill."""
CACHE_BYTES = 8_388_608
"""Small caches are full soon, so that what grows afterwards is no cache."""
PROMPT = (
    "Customer Maria Schneider, phone +49 151 23456789, card 4111 1111 1111 1111, case {number}. "
    "Please answer in two sentences and mention the customer. "
)
VALUES = ("Maria Schneider", "23456789", "4111 1111")
TOOL = {"type": "object", "properties": {"text": {"type": "string"}}}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of call: the model that makes the provider behave so, and the statuses with which it may be answered."""

    name: str
    model: str
    statuses: frozenset[int] = frozenset({200})
    stream: bool = False
    whole: bool = True  # the answer must be complete and carry the values again
    tools: bool = False
    leave_after: int = 0  # reads so many chunks, then goes


GOOD = (
    Kind("whole", "echo"), Kind("stream", "echo/size-7", stream=True), Kind("tools", "tool", tools=True, whole=False),
    Kind("long stream", "canned-200x", stream=True, whole=False), Kind("slow stream", "echo/slow-20ms/size-24", stream=True),
    Kind("delay", "echo/first-300ms"), Kind("packets", "echo/tcp-5", stream=True), Kind("gzip", "echo/gzip"),
    Kind("lies", "echo/lie+50"), Kind("no usage", "echo/nousage", stream=True),
    Kind("long prompt", "echo-last"),
)  # fmt: skip
FAULTS = (
    Kind("429", "status-429", frozenset({429}), whole=False), Kind("500", "status-500", frozenset({500, 502}), whole=False),
    Kind("529", "status-529", frozenset({529, 503, 502}), whole=False),
    Kind("401 upstream", "status-401", frozenset({502}), whole=False),
    Kind("cut stream", "echo/cut-3", stream=True, whole=False), Kind("reset stream", "echo/reset-4", stream=True, whole=False),
    Kind("error event", "echo/error-3", stream=True, whole=False),
    Kind("malformed", "echo/malformed", frozenset({200, 502}), whole=False),
    Kind("garbage", "garbage", frozenset({502}), whole=False),
    Kind("leaves", "canned-400x/slow-20ms", stream=True, whole=False, leave_after=5),
)  # fmt: skip
FAMILIES = ("openai", "anthropic", "responses", "gemini")


@dataclass(slots=True)
class Tally:
    """What happened, over all threads."""

    calls: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: Kind, family: str, wrong: str) -> None:
        with self.lock:
            self.calls[f"{family} {kind.name}"] += 1
            if wrong and len(self.unexplained) < 50:
                self.unexplained.append(f"{family} {kind.name}: {wrong}")


def request_of(kind: Kind, family: str, number: int, chance: random.Random) -> tuple[str, dict[str, Any]]:
    """Path and body. Turns resend a history, as conversations do."""
    prompt = PROMPT.format(number=number) * (30 if kind.name == "long prompt" else 1)
    turns = [(role, f"{role} said {turn}") for turn in range(chance.randrange(4)) for role in ("user", "assistant")]
    return REQUESTS[family](kind, [*turns, ("user", prompt)])


def openai_request(kind: Kind, turns: list[tuple[str, str]]) -> tuple[str, dict[str, Any]]:
    tools = [{"type": "function", "function": {"name": "look_up", "parameters": TOOL}}]
    return "/v1/chat/completions", base_of(kind) | {"messages": messages_of(turns)} | (
        {"tools": tools} if kind.tools else {}
    )


def anthropic_request(kind: Kind, turns: list[tuple[str, str]]) -> tuple[str, dict[str, Any]]:
    tools = [{"name": "look_up", "input_schema": TOOL}]
    body = base_of(kind) | {"messages": messages_of(turns), "max_tokens": 4000}
    return "/v1/messages", body | ({"tools": tools} if kind.tools else {})


def responses_request(kind: Kind, turns: list[tuple[str, str]]) -> tuple[str, dict[str, Any]]:
    tools = [{"type": "function", "name": "look_up", "parameters": TOOL}]
    body = base_of(kind) | {"input": messages_of(turns), "store": False}
    return "/v1/responses", body | ({"tools": tools} if kind.tools else {})


def gemini_request(kind: Kind, turns: list[tuple[str, str]]) -> tuple[str, dict[str, Any]]:
    contents = [{"role": "user" if role == "user" else "model", "parts": [{"text": text}]} for role, text in turns]
    tools = [{"functionDeclarations": [{"name": "look_up", "parameters": TOOL}]}]
    method = "streamGenerateContent?alt=sse" if kind.stream else "generateContent"
    return f"/v1beta/models/{kind.model}:{method}", {"contents": contents} | ({"tools": tools} if kind.tools else {})


REQUESTS = {
    "openai": openai_request, "anthropic": anthropic_request, "responses": responses_request, "gemini": gemini_request,
}  # fmt: skip


def base_of(kind: Kind) -> dict[str, Any]:
    return {"model": kind.model, "stream": kind.stream}


def messages_of(turns: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in turns]


def one_call(
    client: httpx.Client, product: Product, kind: Kind, family: str, number: int, chance: random.Random
) -> str:
    """What was wrong with the call; "" when it ended as it may."""
    path, body = request_of(kind, family, number, chance)
    headers = product.headers(chance.choice(("crm", "other")))
    with client.stream("POST", product.url + path, headers=headers, content=json.dumps(body)) as answer:
        if answer.status_code not in kind.statuses:
            return f"status {answer.status_code}: {answer.read()[:200]!r}"
        if not answer.headers.get("lexgate-flow"):
            return "no flow in the answer"
        if kind.leave_after:
            for read, _ in enumerate(answer.iter_raw()):
                if read >= kind.leave_after:
                    return ""
            return "the answer ended before its caller could leave"
        content = b"".join(answer.iter_bytes()).decode()
    if not kind.whole:
        return ""
    said = text_of(content, family) if kind.stream else content
    return "" if all(value in said for value in VALUES) else f"values are missing in {len(said)} characters"


def gemini_texts(event: dict[str, Any]) -> list[str]:
    candidates = event.get("candidates", ())
    return [part.get("text") or "" for one in candidates for part in one.get("content", {}).get("parts", ())]


TEXTS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "openai": lambda event: [choice["delta"].get("content") or "" for choice in event.get("choices", ())],
    "anthropic": lambda event: [event.get("delta", {}).get("text", "")],
    "responses": lambda event: [event["delta"]] if event["type"] == "response.output_text.delta" else [],
    "gemini": gemini_texts,
}
"""What an event of a stream adds to the text."""


def text_of(stream: str, family: str) -> str:
    """The text of an event stream."""
    said = []
    for line in stream.splitlines():
        if line.startswith("data: ") and line != "data: [DONE]":
            event = json.loads(line[6:])
            said += TEXTS[family](event)
    return "".join(said)


def kinds_of(family: str, kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
    """Gemini names the model in the path, where no plus may stand."""
    return tuple(kind for kind in kinds if "+" not in kind.model) if family == "gemini" else kinds


def traffic(product: Product, stop: threading.Event, tally: Tally, seed: int, fault_share: float) -> None:
    """Calls one after the other until told to stop."""
    chance, number = random.Random(seed), seed * 10_000_000
    with httpx.Client(timeout=60) as client:
        while not stop.is_set():
            number += 1
            family = FAMILIES[number % len(FAMILIES)]
            kind = chance.choice(kinds_of(family, FAULTS if chance.random() < fault_share else GOOD))
            try:
                wrong = one_call(client, product, kind, family, number, chance)
            except httpx.RemoteProtocolError as error:
                wrong = "" if kind.stream and not kind.whole else f"{type(error).__name__}: {error}"
            except (httpx.HTTPError, ValueError, KeyError) as error:
                wrong = f"{type(error).__name__}: {error}"
            tally.note(kind, family, wrong)


def write_bundle(folder: Path, revision: str) -> None:
    for name, content in load("builtin:strict").files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    manifest = json.loads((folder / ".manifest").read_bytes()) | {"revision": revision}
    (folder / ".manifest").write_text(json.dumps(manifest))


def swaps(product: Product, stop: threading.Event) -> int:
    """Points the bundle elsewhere and sends SIGHUP, again and again; how often."""
    count = 0
    while not stop.wait(SWAP_SECONDS):
        count += 1
        product.config["policies"] = {"bundle": f"./bundle-{'ab'[count % 2]}"}
        product.write_config()
        product.gateway.send_signal(signal.SIGHUP)
    return count


def processes(product: Product) -> Iterator[tuple[str, psutil.Process]]:
    supervisor = psutil.Process(product.gateway.pid)
    yield "supervisor", supervisor
    for child in supervisor.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            words = child.cmdline()
            name = next((word for word in words if word.startswith("process-")), "?")
            yield f"{name.removeprefix('process-')} {child.pid}", child


def slope_per_hour(samples: list[tuple[float, float]]) -> float:
    """MiB per hour by Theil and Sen: the median of the slopes of all pairs, which single jumps do not move."""
    pairs = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for index, earlier in enumerate(samples)
        for later in samples[index + 1 :]
    ]
    return statistics.median(pairs) * 3600 if pairs else 0.0


@dataclass(slots=True)
class Report:
    """What is said at the end, and whether it is good."""

    minutes: float
    tally: Tally
    swapped: int
    bundles: int
    memory: dict[str, list[tuple[float, float]]]
    log_problems: list[str]
    ended: int
    statuses: Counter[str]
    growth: float = GROWTH_MIB_PER_HOUR

    def lasting(self) -> dict[str, list[tuple[float, float]]]:
        """Samples after warming up of the processes that lived through it; control is replaced at each reload."""
        warm = self.minutes * 60 * WARM_SHARE
        late = {name: [one for one in samples if one[0] >= warm] for name, samples in self.memory.items()}
        span = self.minutes * 60 - warm
        return {name: some for name, some in late.items() if len(some) > 1 and some[-1][0] - some[0][0] > span / 2}

    def growing(self) -> dict[str, float]:
        """Processes whose memory grows after warming up."""
        if self.minutes < LEAST_MINUTES:
            return {}
        return {name: slope for name, slope in self.slopes().items() if slope > self.growth}

    def slopes(self) -> dict[str, float]:
        return {name: slope_per_hour(samples) for name, samples in self.lasting().items()}

    def problems(self) -> list[str]:
        found = [f"unexplained: {words}" for words in self.tally.unexplained]
        found += [f"{name} grows by {slope:.0f} MiB an hour" for name, slope in self.growing().items()]
        found += [f"the log: {words}" for words in self.log_problems]
        if self.ended:
            found.append(f"lexgate ended with {self.ended}")
        if self.statuses["open"]:
            found.append(f"{self.statuses['open']} flows have no outcome")
        if self.swapped > 2 and self.bundles < 2:
            found.append("bundles were swapped, but only one has decided")
        return found

    def told(self) -> str:
        lines = [f"{sum(self.tally.calls.values())} calls in {self.minutes:g} minutes, {self.swapped} bundle swaps"]
        lines += [f"  {count:6}  {name}" for name, count in sorted(self.tally.calls.items())]
        lines.append(
            "flows by status: " + ", ".join(f"{name} {count}" for name, count in sorted(self.statuses.items()))
        )
        lines.append(f"resident memory, MiB: first after warming up, last, slope an hour (at most {self.growth:+g})")
        for name, samples in sorted(self.lasting().items()):
            lines.append(f"  {samples[0][1]:7.1f} {samples[-1][1]:7.1f} {self.slopes()[name]:+8.1f}  {name}")
        lines.append(f"processes replaced meanwhile: {len(self.memory) - len(self.lasting())}")
        judged = "no growing process" if self.minutes >= LEAST_MINUTES else "too short to judge memory"
        lines += self.problems() or [f"no unexplained error, {judged}, the log verifies"]
        return "\n".join(lines)


def soak(
    folder: Path, minutes: float, fault_share: float = 0.25, callers: int = CALLERS, growth: float = GROWTH_MIB_PER_HOUR
) -> Report:
    """Runs it in a folder."""
    for revision in "ab":
        write_bundle(folder / f"bundle-{revision}", revision)
    record = folder / "provider.jsonl"
    tally, stop, memory = Tally(), threading.Event(), {}
    with canned_provider(record) as provider:
        options = {"policies": {"bundle": "./bundle-a"}, "workers": 2, "inspection": {"cache_bytes": CACHE_BYTES}}
        product = prepare(folder, provider, record, options)
        try:
            product.start()
            counted: list[int] = []
            jobs: list[Callable[[], object]] = [lambda: counted.append(swaps(product, stop))]
            jobs += [
                lambda seed=seed: traffic(product, stop, tally, seed, fault_share) for seed in range(1, callers + 1)
            ]
            threads = [threading.Thread(target=job) for job in jobs]
            for thread in threads:
                thread.start()
            sample(product, minutes * 60, memory)
            stop.set()
            for thread in threads:
                thread.join()
            ended = product.stop()
        finally:
            stop.set()
            end(product)
    verified = product.lexgate("audit", "verify", "--json", seconds=VERIFY_SECONDS)
    problems = [] if verified.returncode == 0 else [verified.stdout[-500:] + verified.stderr[-500:]]
    statuses, bundles = outcomes(product)
    return Report(minutes, tally, sum(counted), bundles, memory, problems, ended, statuses, growth)


def sample(product: Product, seconds: float, memory: dict[str, list[tuple[float, float]]]) -> None:
    """Resident memory of each process, until the time is over."""
    begun = time.monotonic()
    while (now := time.monotonic() - begun) < seconds:
        for name, process in processes(product):
            with contextlib.suppress(psutil.NoSuchProcess):  # control is replaced at each reload
                memory.setdefault(name, []).append((now, process.memory_info().rss / 1048576))
        time.sleep(min(SAMPLE_SECONDS, max(0.1, seconds - now)))


def outcomes(product: Product) -> tuple[Counter[str], int]:
    """How the flows ended, and how many bundles decided them. Values that left would be seen here too."""
    from audit.keys import Keyring
    from audit.search.records import Records

    records = Records(product.folder / "lexgate.db", Keyring.open(product.folder / "keys"))
    statuses: Counter[str] = Counter()
    bundles, after = set(), None
    while True:
        page = records.find("", after=after, limit=500)
        for found in page.records:
            statuses[found["status"]] += 1
            bundles.add(found["pub"].get("bundle"))
        after = page.next
        if after is None:
            records.close()
            return statuses, len(bundles - {None})


def main() -> None:
    parser = argparse.ArgumentParser(description="Mixed traffic with faults and bundle swaps.")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--faults", type=float, default=0.25, help="share of calls that meet a fault")
    parser.add_argument("--callers", type=int, default=CALLERS, help="each makes one call after the other")
    parser.add_argument("--growth", type=float, default=GROWTH_MIB_PER_HOUR, help="MiB an hour that a process may grow")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="lexgate-soak-"))
    report = soak(folder, arguments.minutes, arguments.faults, arguments.callers, arguments.growth)
    print(report.told())
    if report.problems():
        print(f"everything is kept in {folder}")
        sys.exit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
