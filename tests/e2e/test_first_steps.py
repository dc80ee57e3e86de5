"""What a newcomer types: `lexgate init`, `key new`, `serve`, and the record commands."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import yaml

from tests.e2e.product import ROOT, Product, canned_provider, end, free_port

pytestmark = pytest.mark.e2e


def lexgate(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        env=os.environ | environment | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_init_makes_keys_and_a_configuration_that_serves(tmp_path: Path) -> None:
    made = lexgate(tmp_path, "init")
    assert made.returncode == 0, made.stderr
    caller, operator = re.findall(r"lx[ko]_\S+", made.stdout)
    file = tmp_path / "lexgate.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert all(stat.S_IMODE(key.stat().st_mode) == 0o600 for key in (tmp_path / "keys").iterdir())
    assert caller not in file.read_text()
    again = lexgate(tmp_path, "init")
    assert again.returncode == 1
    assert "exists already" in again.stderr
    record = tmp_path / "provider.jsonl"
    with canned_provider(record) as provider_url:
        config = yaml.safe_load(file.read_text())
        config["listen"] = {"data": f"127.0.0.1:{free_port()}", "control": f"127.0.0.1:{free_port()}"}
        config["providers"] = [{"name": "mine", "base_url": provider_url, "jurisdiction": "US"}]
        product = Product(tmp_path, config, {}, operator, provider_url, record)
        product.write_config()
        assert lexgate(tmp_path, "serve", "--check").returncode == 0
        try:
            product.start()
            answer = httpx.post(
                f"{product.url}/v1/chat/completions",
                headers={"Authorization": f"Bearer {caller}"},
                json={"model": "echo", "messages": [{"role": "user", "content": "hello"}]},
            )
            assert answer.status_code == 200, answer.text
            flow = answer.headers["lexgate-flow"]
            product.record(flow)
            found = lexgate(tmp_path, "audit", "search", "provider:mine", "--json")
            assert json.loads(found.stdout.splitlines()[0])["flow"] == flow
            shown = lexgate(tmp_path, "audit", "show", flow, "--proof", "proof.json")
            assert "first.user (application first, tenant main) sent" in shown.stdout
            assert lexgate(tmp_path, "audit", "verify", "proof.json").returncode == 0
            proof = (tmp_path / "proof.json").read_text()
            (tmp_path / "proof.json").write_text(proof.replace("completed", "denied___", 1))
            assert lexgate(tmp_path, "audit", "verify", "proof.json").returncode == 1
            backed_up = lexgate(tmp_path, "backup", "copy")
            assert backed_up.returncode == 0, backed_up.stderr
        finally:
            end(product)


def test_production_demands_a_passphrase(tmp_path: Path) -> None:
    refused = lexgate(tmp_path, "init", "--production")
    assert refused.returncode == 1
    assert "KEYS_PASSPHRASE" in refused.stderr
    short = lexgate(tmp_path, "init", "--production", KEYS_PASSPHRASE="short")
    assert (short.returncode, "12 characters" in short.stderr) == (1, True)
    made = lexgate(tmp_path, "init", "--production", KEYS_PASSPHRASE="correct horse battery staple")
    assert made.returncode == 0, made.stderr
    assert lexgate(tmp_path, "serve", "--check", KEYS_PASSPHRASE="x").returncode == 0
    exposed = lexgate(tmp_path, "serve", "--check", LEXGATE_LISTEN__DATA="0.0.0.0:8080")
    assert exposed.returncode == 1
    assert "tls.certificate" in exposed.stderr


def test_a_new_key_comes_with_its_hash(tmp_path: Path) -> None:
    from hashlib import sha256

    told = lexgate(tmp_path, "key", "new", "--operator").stdout.split()
    assert sha256(told[1].encode()).hexdigest() == told[3]
