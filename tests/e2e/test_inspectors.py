"""Inspectors and extractors that die: their calls are refused, others take their place, the gateway goes on."""

from __future__ import annotations

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from tests.e2e.product import Product
from tests.e2e.test_files import PDF, chat, send
from tests.gateway.extraction.samples import pdf

pytestmark = pytest.mark.e2e


def process_of(product: Product, command: str) -> psutil.Process:
    (found,) = [
        child for child in psutil.Process(product.gateway.pid).children() if f"process-{command}" in child.cmdline()
    ]
    return found


def until_answered(product: Product, call: tuple[str, dict[str, object]]) -> httpx.Response:
    ends = time.monotonic() + 60
    while (answer := send(product, call)).status_code == 503 and time.monotonic() < ends:
        time.sleep(0.1)
    return answer


@pytest.mark.parametrize("command", ["inspector", "extractor"])
def test_one_that_crashes_is_replaced_and_its_call_refused(product: Product, command: str) -> None:
    before = process_of(product, command)
    before.send_signal(signal.SIGSTOP)
    forwarded = len(product.requests())
    call = chat(pdf(f"to be read by the {command}", author=""), PDF, "a.pdf", "home-1")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(send, product, call)
        time.sleep(0.3)
        before.send_signal(signal.SIGKILL)
        answer = waiting.result()
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "lexgate_unavailable"
    assert len(product.requests()) == forwarded
    assert until_answered(product, call).status_code == 200
    assert process_of(product, command).pid != before.pid
    assert json.loads(product.requests()[-1]["body"])["model"] == "home-1"
