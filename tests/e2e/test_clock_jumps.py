"""The machine's clock jumps, ahead and back, while calls go on: each has its record, and the log verifies."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.e2e.product import ROOT, Product, canned_provider, end, prepare

pytestmark = pytest.mark.e2e

LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


@dataclass(frozen=True, slots=True)
class Clock:
    """The wall clock of a product's processes; what measures durations goes on as it does."""

    file: Path

    def jump(self, by: str) -> None:
        self.file.write_text(by)
        time.sleep(0.5)  # checkpoints, limits and caches meet the new time as well


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    made = Clock(tmp_path_factory.mktemp("clock") / "time")
    made.file.write_text("+0s")
    return made


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Product]:
    if LIBRARY is None:
        pytest.skip("Debian's package faketime is not installed")
    folder = tmp_path_factory.mktemp("lexgate")
    record = folder / "provider.jsonl"
    with canned_provider(record) as provider_url:
        prepared = prepare(folder, provider_url, record, {})
        prepared.environment |= {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(clock.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        try:
            prepared.start()
            yield prepared
        finally:
            end(prepared)


def test_calls_go_on_and_the_log_holds(product: Product, clock: Clock) -> None:
    flows: list[str] = []
    with httpx.Client(timeout=60) as client:
        for jump in ("+0s", "+2h", "-3h", "+40d", "-1d", "-400d", "+0s"):
            clock.jump(jump)
            for turn in range(2):
                said = [{"role": "user", "content": f"Good morning, Maria Schneider, at {jump}, turn {turn}"}]
                answer = client.post(
                    f"{product.url}/v1/chat/completions",
                    headers=product.headers("crm"),
                    json={"model": "home-1", "messages": said},
                )
                assert answer.status_code == 200, answer.text
                flows.append(answer.headers["lexgate-flow"])
            assert client.get(f"{product.control_url}/readyz").status_code == 200
    assert sorted(set(flows)) == flows  # the names of flows never go back in time
    for flow in flows[1::2]:
        assert product.record(flow)["flow"] == flow
    verified = subprocess.run(
        [sys.executable, "-m", "gateway", "audit", "verify", "--config", str(product.config_file)],
        cwd=ROOT, capture_output=True, check=False, text=True, timeout=120,
    )  # fmt: skip
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "It holds." in verified.stdout
