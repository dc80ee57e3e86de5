"""The folder of an older Lexgate, killed under load, goes on under this one as docs/operations.md says: nothing is lost.

`tests/e2e/older/make.py` makes the archives. 07c15c7 (26 November 2026) has schema 0001 and no journal; 9d9443a (the same
day) has schema 0002, left a journal behind, and keeps an index of what was made whose tables have other columns than today.
"""

from __future__ import annotations

import base64
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.e2e.older.make import FIRST, REMEMBERED
from tests.e2e.product import Caller, Product, canned_provider, end, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

OLDER = Path(__file__).parent / "older"


@pytest.fixture
def left_behind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Product, dict[str, Any]]]:
    """This version's product on what an older one left, not yet started; and what is known of the older one's calls."""
    with tarfile.open(OLDER / f"{request.param}.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    known = json.loads((tmp_path / "known.json").read_text())
    sent = [json.loads(line) for line in (tmp_path / "provider.jsonl").read_text().splitlines()]
    known["sent"] = {request["path"]: request["body"] for request in sent}
    config = yaml.safe_load((tmp_path / "lexgate.yaml").read_text())
    config["listen"] = {"data": f"127.0.0.1:{free_port()}", "control": f"127.0.0.1:{free_port()}"}
    record = tmp_path / "sent.jsonl"
    with canned_provider(record) as url:
        for provider in config["providers"]:
            provider["base_url"] = url
        callers = {name: Caller(key, name, "") for name, key in known["callers"].items()}
        product = Product(tmp_path, config, callers, known["operator"], url, record)
        product.write_config()
        try:
            yield product, known
        finally:
            end(product)


def holds(product: Product) -> None:
    verified = product.lexgate("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.parametrize("left_behind", ["07c15c7"], indirect=True)
def test_an_older_schema_is_refused_and_not_changed(left_behind: tuple[Product, dict[str, Any]]) -> None:
    product, _ = left_behind
    before = {file.name: file.read_bytes() for file in product.folder.glob("lexgate.db*")}
    for command in ("serve", "audit verify", "audit reindex"):
        refused = product.lexgate(*command.split())
        assert refused.returncode != 0, command
        assert "has schema 0001, this program needs 0002: run `lexgate migrate`" in refused.stdout + refused.stderr
    looked = product.lexgate("doctor")
    assert looked.returncode == 1
    assert "run `lexgate migrate`" in looked.stdout
    assert (product.folder / "lexgate.db").read_bytes() == before["lexgate.db"]


@pytest.mark.parametrize("left_behind", ["07c15c7", "9d9443a"], indirect=True)
def test_what_was_begun_under_an_older_version_goes_on(left_behind: tuple[Product, dict[str, Any]]) -> None:
    product, known = left_behind
    migrated = product.lexgate("migrate")
    assert (migrated.returncode, migrated.stdout.split()[-1]) == (0, "0002"), migrated.stderr
    holds(product)
    product.start()
    holds(product)

    assert product.record(known["first"])["status"] == "completed"
    assert len(known["answered"]) >= 60
    interrupted = found(product, "status:interrupted")
    assert not set(known["answered"]) & interrupted
    assert found(product, "model:home-1") - interrupted >= set(known["answered"]), "no answered call is lost"

    said = [{"role": "user", "content": FIRST}, known["answer"], {"role": "user", "content": "And the second row?"}]
    body = {"model": "home-echo", "messages": said}
    answer = httpx.post(f"{product.url}/v1/chat/completions", headers=product.headers(), json=body, timeout=60)
    assert known["first"] in product.record(answer.headers["lexgate-flow"])["pub"]["parents"], (
        "lineage holds over the seam"
    )
    if known["response"]:
        remembers(product, known)
        (product.folder / "answer.txt").write_text(known["answer"]["content"])
        told = json.loads(product.lexgate("content", "verify", "answer.txt", "--json").stdout)
        assert (told["verdict"], told["flow"]) == ("confirmed", known["first"])

    assert "does not follow the log" not in product.log()
    assert product.stop() == 0
    assert product.lexgate("audit", "reindex").returncode == 0
    holds(product)


def found(product: Product, query: str) -> set[str]:
    answer = product.lexgate("audit", "search", query, "--limit", "500", "--json")
    return {json.loads(line)["flow"] for line in answer.stdout.splitlines()}


def remembers(product: Product, known: dict[str, Any]) -> None:
    """What stands for the values in a response of the older version is known to this one."""

    forwarded = base64.b64decode(known["sent"]["/v1/responses"])
    again = httpx.post(f"{product.provider_url}/v1/responses", content=forwarded, headers={"Authorization": "Bearer x"})
    assert again.json()["id"] == known["response"], "the canned provider knows this response again"
    assert b"Schneider" not in forwarded
    body = {"model": "echo-all", "input": "and now?", "previous_response_id": known["response"]}
    answer = httpx.post(f"{product.url}/v1/responses", headers=product.headers(), json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    assert REMEMBERED in answer.json()["output"][0]["content"][0]["text"]
