"""Callers known by their client certificate, through the official SDK."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import openai
import pytest

from tests.e2e.product import Product, canned_provider, end, prepare

pytestmark = pytest.mark.e2e

WORKLOAD = "spiffe://example.org/ns/prod/crm"
NAMES = {
    "server": ("server", "IP:127.0.0.1"),
    "workload": ("anything", f"URI:{WORKLOAD}"),
    "host": ("host", "DNS:shop.example.org"),
    "common": ("batch-job", "DNS:unlisted.example.org"),
    "two": ("anything", f"URI:{WORKLOAD},URI:spiffe://example.org/ns/prod/other"),
    "unknown": ("somebody", "URI:spiffe://example.org/ns/dev/crm"),
    "tricky": ("somebody", f"DNS:{WORKLOAD.removeprefix('spiffe://')}"),
}


def certificates(folder: Path) -> None:
    """An authority and one certificate for each of the names."""
    run = lambda *arguments: subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority", "-days", "2")
    for file, (common, alternative) in NAMES.items():
        run("req", *new_key, "-keyout", f"{file}.key", "-out", f"{file}.csr", "-subj", f"/CN={common}",
            "-addext", f"subjectAltName={alternative}")  # fmt: skip
        run("x509", "-req", "-in", f"{file}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", f"{file}.pem", "-days", "2", "-copy_extensions", "copy")  # fmt: skip


def context(folder: Path, name: str) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    made.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return made


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("lexgate")
    certificates(folder)
    record = folder / "provider.jsonl"
    with canned_provider(record) as url:
        product = prepare(folder, url, record, {
            "tls": {"certificate": "./server.pem", "key": "./server.key", "client_ca": "./ca.pem"},
            "certificates": [
                {"subject": f"URI:{WORKLOAD}", "application": "crm", "user": "workload", "country": "FR"},
                {"subject": "DNS:shop.example.org", "application": "other", "user": "shop", "country": "DE"},
                {"subject": "CN:batch-job", "application": "crm", "user": "batch", "country": "DE"},
            ],
        })  # fmt: skip
        product.verify = context(folder, "host")
        try:
            product.start()
            yield product
        finally:
            end(product)


def sdk(product: Product, certificate: str, key: str = "") -> openai.OpenAI:
    """The SDK always presents a key, so the header is taken away again where there is none."""

    def without_key(request: httpx2.Request) -> None:
        if not key:
            del request.headers["authorization"]

    client = httpx2.Client(verify=context(product.folder, certificate), event_hooks={"request": [without_key]})
    return openai.OpenAI(base_url=f"{product.url}/v1", api_key=key or "none", max_retries=0, http_client=client)


def asked(product: Product, certificate: str, key: str = "") -> str:
    """One call; its flow."""
    raw = sdk(product, certificate, key).chat.completions.with_raw_response.create(
        model="echo", messages=[{"role": "user", "content": "hello"}]
    )
    assert raw.parse().choices[0].message.content == "hello"
    return str(raw.headers["lexgate-flow"])


def recorded(product: Product, flow: str) -> dict[str, str]:
    shown = product.lexgate("audit", "show", flow, "--json")
    import json

    record = json.loads(shown.stdout)
    return {name: record["subj"][name] for name in ("tenant", "application", "user")} | {"from": record["pub"]["from"]}


@pytest.mark.parametrize(
    ("certificate", "who"),
    [
        ("workload", {"tenant": "acme", "application": "crm", "user": "workload", "from": "FR"}),
        ("host", {"tenant": "globex", "application": "other", "user": "shop", "from": "DE"}),
        ("common", {"tenant": "acme", "application": "crm", "user": "batch", "from": "DE"}),
    ],
)
def test_a_certificate_stands_for_its_principal(product: Product, certificate: str, who: dict[str, str]) -> None:
    assert recorded(product, asked(product, certificate)) == who
    assert [model.id for model in sdk(product, certificate).models.list()] == []


@pytest.mark.parametrize("certificate", ["unknown", "two", "tricky"])
def test_another_certificate_of_the_same_authority_is_a_stranger(product: Product, certificate: str) -> None:
    with pytest.raises(openai.AuthenticationError):
        asked(product, certificate)


def test_a_presented_key_counts_alone(product: Product) -> None:
    assert recorded(product, asked(product, "workload", product.callers["crm"].key))["user"] == "crm.user"
    with pytest.raises(openai.AuthenticationError):
        asked(product, "workload", "lxk_wrong")


def test_a_certificate_in_a_header_is_nobodys(product: Product) -> None:
    client = sdk(product, "unknown")
    forged = {
        "x-forwarded-client-cert": f"URI={WORKLOAD}",
        "x-client-cert": (product.folder / "workload.pem").read_text().replace("\n", " ").strip(),
        "x-ssl-client-s-dn": "CN=batch-job",
    }
    with pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(model="echo", messages=[{"role": "user", "content": "x"}], extra_headers=forged)
