"""An organisation's own recognisers and tables, taken into use by a running gateway without a dropped call."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.product import Product, running

pytestmark = pytest.mark.e2e

RULES = """
recognizers:
  - name: {name}
    supported_entity: BADGE
    patterns: [{{name: badge, regex: '{regex}', score: 0.9}}]
"""
TABLE = "name,account\nAnna Blue,10134623\nBert Gruen,10142542\n"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder: Path = tmp_path_factory.mktemp("lexgate")
    (folder / "recognizers.yaml").write_text(RULES.format(name="first", regex=r"\bE[0-9]{5}\b"))
    with running(folder, inspection={"names": False, "recognizers": "recognizers.yaml"}) as started:
        yield started


def found(product: Product, text: str, caller: str = "crm") -> dict[str, int]:
    answer = product.chat(text, model="home-1", caller=caller)
    assert answer.status_code == 200, answer.text
    entities: dict[str, int] = recorded(product, answer.headers["lexgate-flow"], "completed")["entities"]
    return entities


def recorded(product: Product, flow: str, status: str) -> dict[str, Any]:
    """The record's public part. A reload makes the control process anew: whoever asks it meanwhile asks again."""
    parts: list[dict[str, Any]] = []

    def asked() -> bool:
        with suppress(httpx.HTTPError):
            parts.append(product.record(flow, status)["pub"])
        return parts != []

    until(asked, product)
    return parts[0]


def until(happened: Callable[[], bool], product: Product) -> None:
    """Waits for what another process does."""
    for _ in range(600):
        if happened():
            return
        time.sleep(0.1)
    raise AssertionError(product.log())


def until_found(product: Product, text: str, label: str, caller: str = "crm") -> None:
    until(lambda: label in found(product, text, caller), product)


def test_a_replaced_file_is_in_force_at_once_and_no_call_is_dropped(product: Product) -> None:
    assert found(product, "badge E12345 and F123") == {"BADGE": 1}
    failed: list[str] = []
    over = threading.Event()

    def calls() -> None:
        while not over.is_set():
            time.sleep(0.05)
            answer = product.chat(f"hello {time.monotonic()}", model="home-1")
            if answer.status_code != 200:
                failed.append(answer.text)

    caller = threading.Thread(target=calls)
    caller.start()
    draft = product.folder / "draft.yaml"
    draft.write_text(RULES.format(name="second", regex=r"\bF[0-9]{3}\b"))
    draft.replace(product.folder / "recognizers.yaml")
    until_found(product, "only F123 counts now", "BADGE")
    over.set()
    caller.join()
    assert failed == []
    assert found(product, "badge E12345 and F123") == {"BADGE": 1}  # the cached verdict of before is not believed


def test_a_bad_file_changes_nothing(product: Product) -> None:
    before = (product.folder / "recognizers.yaml").read_text()
    (product.folder / "recognizers.yaml").write_text(RULES.format(name="third", regex=r"(?=a)b"))
    until(lambda: "recogniser third" in product.log(), product)
    assert found(product, "still F987") == {"BADGE": 1}
    (product.folder / "recognizers.yaml").write_text(before)


def test_a_registered_table_is_looked_for_in_its_tenants_calls_only(product: Product) -> None:
    text = "please credit 1013-4623 today"
    assert found(product, text) == {}
    (product.folder / "customers.csv").write_text(TABLE)
    done = product.lexgate(
        "inspect",
        "register-table",
        "customers.csv",
        "--tenant",
        "acme",
        "--name",
        "customers",
        "--columns",
        "name,account",
    )
    assert done.returncode == 0, done.stderr
    assert "4 values of 2 rows" in done.stdout
    until_found(product, text, "REGISTERED_VALUE")
    assert found(product, text, "other") == {}
    abroad = product.chat(text, model="echo")
    assert abroad.status_code == 200
    assert b"1013-4623" not in product.requests()[-1]["body"]
    assert "1013-4623" in abroad.json()["choices"][0]["message"]["content"]


def test_passages_of_registered_documents_stay_at_home(product: Product) -> None:
    folder = product.folder / "contracts"
    folder.mkdir()
    passage = (
        "The lessee returns the vehicle with a full tank and pays for every further kilometre as the price list says."
    )
    (folder / "a.txt").write_text(f"{passage} And more words follow here, which nobody needs to read at all.")
    done = product.lexgate("inspect", "register-documents", "contracts", "--tenant", "acme", "--name", "contracts")
    assert done.returncode == 0, done.stderr
    until(lambda: product.chat(f"Improve this: {passage}", model="echo").status_code != 200, product)
    answer = product.chat(f"Improve this: {passage}", model="echo")
    assert answer.status_code == 403
    record = recorded(product, answer.headers["lexgate-flow"], "denied")
    assert "registered_document" in record["categories"]
    assert record["grade"] == "L4"
