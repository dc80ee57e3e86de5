"""An inspector: native scanning, the names tagger, and the analysis that settles flows. All CPU work lives here."""

from __future__ import annotations

import gc
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvloop

from gateway.configuration.effective import Effective
from gateway.flow import CLASS
from gateway.inspection.methods import to_rows
from gateway.inspection.service import serve
from gateway.inspection.steps import Steps, T
from gateway.processes import child
from gateway.processes.large_pages import into_large_pages
from gateway.settling.batch import unpacked
from gateway.telemetry import logs

Method = Callable[[Any], Any]


def main(effective: Path, index: int) -> None:
    """Runs until SIGTERM."""
    logs.configure(f"inspector-{index}")
    settings = Effective.read(effective).settings
    tokenizers = sorted({provider.tokenizer for provider in settings.providers})
    socket = settings.run_path / f"inspector-{index}.sock"
    inspection, books, run = settings.inspection, settings.metering.price_books, settings.run_path

    def build() -> Mapping[str, Method]:
        gc.disable()  # until what stays is there
        made = methods(names=inspection.names, tokenizers=tokenizers, books=books, run=run)
        gc.collect()
        gc.freeze()  # what lives from the start is never garbage: collections then look at calls only
        gc.set_threshold(20_000, 20, 50)  # and seldom: what a call leaves behind holds no cycles
        gc.enable()
        return made

    def ready() -> None:
        child.say_ready()
        threading.Thread(
            target=into_large_pages, name="large-pages", daemon=True
        ).start()  # callers need not wait for it

    uvloop.run(child.beating(serve(socket, build, ready, dies_when_stuck=True)))


def methods(
    *, names: bool, tokenizers: Sequence[str] = (), books: Sequence[str] = (), run: Path | None = None
) -> Mapping[str, Method]:
    """What an inspector can be asked. Built in the one thread that will run it. `usage`: seconds of CPU by kind of work.

    `run`: where own detectors are staged and compiled patterns kept, see `gateway.inspection.matcher`.
    """
    from gateway.inspection.engine import Engine, Own
    from gateway.inspection.own.folder import Finders
    from gateway.metering.settle import Settlement

    settlement = Settlement([Path(book) for book in books])
    with ThreadPoolExecutor(1, "warming") as beside:  # a first start compiles patterns for a second
        warm = beside.submit(settlement.warm, [tokenizer or "o200k" for tokenizer in tokenizers])
        engine = Engine(names=names, cache=run)
    warm.result()
    finders = Finders(run or Path())

    used = {"inspection": 0.0, "settlement": 0.0}  # seconds of CPU

    def clocked(work: str, steps: Steps[T]) -> Steps[T]:
        """The same steps, their CPU time counted: of others' between two of them nothing."""
        while True:
            begun = time.thread_time()
            try:
                next(steps)
            except StopIteration as end:
                result: T = end.value
                return result
            finally:
                used[work] += time.thread_time() - begun
            yield

    def rows(texts: list[str], lang: str = "", own: dict[str, str] | None = None) -> Steps[list[list[list[Any]]]]:
        seen = yield from clocked("inspection", engine.seen(texts, lang, None if own is None else finder(own)))
        return [to_rows((*spans, *classes)) for spans, classes in seen]

    def inspect(payload: dict[str, Any]) -> Steps[dict[str, Any]]:
        return {"spans": (yield from rows(payload["texts"], payload.get("lang", ""), payload.get("own")))}

    def finder(own: dict[str, str]) -> Own:
        found, key = finders.get(own["version"], own["tenant"]), bytes.fromhex(own["key"])
        return lambda text: found.find(text, key)

    def settle(payload: dict[str, Any]) -> Steps[dict[str, Any]]:
        items = unpacked(payload)
        wanted = [index for index, item in enumerate(items) if item["inspect"] and item["delivered_text"]]
        spans: list[list[list[Any]] | None] = [None] * len(items)
        texts = yield from rows([items[index]["delivered_text"] for index in wanted])
        for index, found in zip(wanted, texts, strict=True):
            spans[index] = found
            items[index]["known_entities"] = dict(sorted(Counter(row[2] for row in found if row[2] != CLASS).items()))
        settled = yield from clocked("settlement", settlement.settled_in_steps(items))
        return {"items": settled, "spans": spans}

    def version(_payload: Any) -> dict[str, Any]:
        return {"version": engine.version}

    def usage(_payload: Any) -> dict[str, float]:
        return dict(used)

    return {"inspect": inspect, "settle": settle, "version": version, "usage": usage}
