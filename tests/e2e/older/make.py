"""Makes what an upgrade finds: the folder of an older Lexgate that was killed under load, as an archive beside this file.

    git worktree add --detach /tmp/older REVISION          # where that version has a native/, build its extensions too
    python -m tests.e2e.older.make /tmp/older tests/e2e/older/REVISION.tar.xz

What is in the archives is worth nothing anywhere else: keys made for it, people who do not exist.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import tarfile
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.e2e.product import Product, canned_provider, end, prepare

FIRST = (
    "Write to Maria Schneider, +49 151 23456789, that each spring the third row of her orchard flowers a week before all "
    "others. We measured soil, light and water for two years and found no difference that would explain it, so now we think "
    "of the hedge behind it, which keeps off the wind from the river and lets the ground warm up earlier than elsewhere."
)
"""Begins a conversation that is carried on after the upgrade, and whose answer is found again by its content."""
REMEMBERED = "My colleague Maria Schneider has the number +49 151 23456789."
"""What the vault of responses holds a value of, where that version has one."""
KEPT = (
    "lexgate.db*",
    "lexgate.made.db*",
    "lineage.map",
    "lexgate.yaml",
    "provider.jsonl",
    "known.json",
    "keys/*",
    "run/vault.db*",
)
CALLERS, ANSWERED = 16, 60
TRIES = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("archive", type=Path)
    asked = parser.parse_args()
    journal = "journal" in (asked.checkout / "audit/sequencer.py").read_text()
    for _ in range(TRIES):
        with tempfile.TemporaryDirectory() as name:
            killed_under_load(Path(name), asked.checkout.resolve())
            if journal and not (Path(name) / "lexgate.db.journal").exists():
                continue
            pack(Path(name), asked.archive)
            return
    raise SystemExit("the journal was never left behind")


def killed_under_load(folder: Path, checkout: Path) -> None:
    record = folder / "provider.jsonl"
    with canned_provider(record) as url:
        product = prepare(folder, url, record, {})
        product.code = checkout
        for provider in product.config["providers"]:
            provider["protocols"] = ["openai", "anthropic"]  # what the oldest one knows
        product.write_config()
        try:
            product.start()
            known = quiet_calls(product) | {"answered": busy_calls(product)}
        finally:
            end(product)
    known["callers"] = {name: caller.key for name, caller in product.callers.items()}
    (folder / "known.json").write_text(json.dumps(known | {"operator": product.operator_key}))


def quiet_calls(product: Product) -> dict[str, Any]:
    first = product.chat(FIRST)
    body = {"model": "echo-all", "input": REMEMBERED}
    kept = httpx.post(f"{product.url}/v1/responses", headers=product.headers(), json=body)
    product.record(first.headers["lexgate-flow"])
    return {
        "first": first.headers["lexgate-flow"],
        "answer": first.json()["choices"][0]["message"],
        "response": kept.json()["id"] if kept.status_code == 200 else "",
    }


def busy_calls(product: Product) -> list[str]:
    """Flows that were answered before everything was killed."""
    answered: list[str] = []
    until = threading.Event()

    def call() -> None:
        with (
            httpx.Client(base_url=product.url, headers=product.headers()) as client,
            contextlib.suppress(httpx.HTTPError),
        ):
            while not until.is_set():
                body = {"model": "home-1", "messages": [{"role": "user", "content": "hello"}]}
                answer = client.post("/v1/chat/completions", json=body)
                if answer.status_code == 200:
                    answered.append(answer.headers["lexgate-flow"])

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    while len(answered) < ANSWERED:
        time.sleep(0.01)
    supervisor = psutil.Process(product.gateway.pid)
    supervisor.suspend()  # it would end the others in good order
    for process in (*supervisor.children(recursive=True), supervisor):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    until.set()
    for thread in threads:
        thread.join()
    return answered


def pack(folder: Path, archive: Path) -> None:
    staged = [file for pattern in KEPT for file in sorted(folder.glob(pattern)) if not file.name.endswith(".lock")]
    with tarfile.open(archive, "w:xz", preset=9) as out:
        for file in staged:
            out.add(file, file.relative_to(folder), filter=_nobodys)


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    main()
