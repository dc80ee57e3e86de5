"""A swap is a new engine and one assignment: every decision is wholly of one bundle."""

from __future__ import annotations

import asyncio
import itertools

from policies.bundle import assemble, load
from policies.cache import DecisionCache
from policies.engine import Engine
from policies.samples import samples


def bundles():
    """Both built-in bundles, and versions of a small one that tells its own number in every hit."""
    for number in range(8):
        rule = f'{{"id": "v{number}", "effect": "log", "citation": "c{number}", "message": "m", "remedy": "r"}}'
        text = f'package lexgate\n\ndecision := {{"schema": "lexgate/decision@1", "hits": [{rule}]}}\n'
        yield assemble(f"v{number}", {"v.rego": text.encode()})
    yield load("builtin:strict")
    yield load("builtin:lawful")


async def test_a_hundred_swaps_under_interleaved_decisions():
    every = list(bundles())
    documents = list(samples())[::7]
    alone = {b.digest: [Engine(b).decide(document) for document in documents] for b in every}
    current, cache, seen, done = [Engine(every[0])], DecisionCache(256), [], asyncio.Event()

    async def caller(offset: int) -> None:
        for n in itertools.count(offset):
            engine = current[0]
            decision = cache.decide(engine, documents[n % len(documents)])
            seen.append((engine.digest, n % len(documents), decision))
            await asyncio.sleep(0)
            if done.is_set():
                return

    async def swapper() -> None:
        for n in range(100):
            current[0] = Engine(every[n % len(every)])
            await asyncio.sleep(0)
        done.set()

    await asyncio.gather(swapper(), *(caller(n) for n in range(16)))
    assert len(seen) >= 1_600
    for name, n, decision in seen:
        assert decision.bundle == name
        assert decision == alone[name][n]
