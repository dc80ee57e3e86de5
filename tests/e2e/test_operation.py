"""What an operator does to a running gateway: drain, reload, swap bundles, set limits, turn on TLS."""

from __future__ import annotations

import json
import shutil
import signal
import ssl
import subprocess
import threading
import time
from pathlib import Path

import httpx
import pytest

from policies.bundle import load
from tests.e2e.product import Product, canned_provider, end, prepare, running

pytestmark = pytest.mark.e2e


def write_bundle(folder: Path, source: str = "builtin:strict", revision: str = "") -> str:
    """A bundle in a folder; its digest."""
    for name, content in load(source).files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    if revision:
        manifest = json.loads((folder / ".manifest").read_bytes()) | {"revision": revision}
        (folder / ".manifest").write_text(json.dumps(manifest))
    return load(folder).digest


def swap(link: Path, target: Path) -> None:
    """Points a symbolic link elsewhere by atomic rename."""
    draft = link.with_name("next")
    draft.symlink_to(target)
    draft.replace(link)


def until(condition: object, seconds: float = 30.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        if time.monotonic() > ends:
            raise AssertionError("did not happen in time")
        time.sleep(0.05)


@pytest.mark.timeout(300)
def test_bundles_are_swapped_without_dropping_or_mixing_a_call(tmp_path: Path) -> None:
    digests = [write_bundle(tmp_path / f"bundle-{name}", revision=name) for name in ("a", "b")]
    assert digests[0] != digests[1]
    swap(tmp_path / "live", tmp_path / "bundle-a")
    with running(tmp_path, policies={"bundle": "./live"}) as product:
        stop, flows, failures = threading.Event(), [], []

        def call() -> None:
            while not stop.is_set():
                answer = product.chat("Maria Schneider, phone +49 151 23456789")
                (flows if answer.status_code == 200 else failures).append(answer.headers.get("lexgate-flow"))

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for turn in range(4):
            swap(tmp_path / "live", tmp_path / f"bundle-{'ab'[(turn + 1) % 2]}")
            time.sleep(1.5)
        stop.set()
        for thread in threads:
            thread.join()
        assert failures == []
        used = {product.record(flow)["pub"]["bundle"] for flow in flows[:: max(1, len(flows) // 60)]}
        assert used == set(digests)
        shutil.rmtree(tmp_path / "bundle-b")
        write_bundle(tmp_path / "bundle-b")
        broken = next((tmp_path / "bundle-b").rglob("*.rego"))
        broken.write_text("package broken\nthis is no rego {")
        swap(tmp_path / "live", tmp_path / "bundle-b")
        until(lambda: "configuration refused" in product.log())
        assert product.chat("still served").status_code == 200
        assert ".rego:2" in product.log()


def test_a_reload_takes_the_whole_configuration_or_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as product:
        assert product.chat("hello", "brand-new").status_code == 200
        good = dict(product.config)
        product.config["limits"] = {"body_bytes": "many"}
        product.write_config()
        product.gateway.send_signal(signal.SIGHUP)
        until(lambda: "configuration refused" in product.log())
        assert "lexgate.yaml:" in product.log()
        assert product.chat("hello").status_code == 200
        product.config = good | {"providers": [dict(good["providers"][1], models=["only-this"])]}
        product.write_config()
        product.gateway.send_signal(signal.SIGHUP)
        until(lambda: product.chat("hello", "brand-new").status_code == 404)
        assert product.chat("hello", "only-this").status_code == 200
        product.config = good | {"workers": 2}
        product.write_config()
        product.gateway.send_signal(signal.SIGHUP)
        until(lambda: "takes effect only after a restart" in product.log())


def test_sigterm_lets_running_streams_end(tmp_path: Path) -> None:
    with running(tmp_path) as product:
        answers: list[httpx.Response] = []
        slow = threading.Thread(
            target=lambda: answers.append(product.chat("a slow answer, word by word", "echo/slow-100ms", stream=True))
        )
        slow.start()
        until(product.requests)
        assert product.stop() == 0
        slow.join()
        assert answers[0].text.rstrip().endswith("data: [DONE]")
        verified = product.lexgate("audit", "verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr
        shown = product.lexgate("audit", "show", answers[0].headers["lexgate-flow"], "--json")
        assert json.loads(shown.stdout)["status"] == "completed"


def test_limits_answer_429_in_the_familys_form(tmp_path: Path) -> None:
    with running(tmp_path, limits={"calls_per_minute": 3, "concurrent": 2}) as product:
        answers = [product.chat("hello") for _ in range(8)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert 1 <= int(refused[0].headers["retry-after"]) <= 60
        assert refused[0].json()["error"]["type"] == "rate_limit_error"
        other = product.chat("hello", caller="other")
        assert other.status_code == 200


def test_a_caller_that_leaves_stops_the_provider_and_leaves_a_true_record(product: Product) -> None:
    body = {"model": "canned-400x/slow-20ms", "stream": True, "messages": [{"role": "user", "content": "x"}]}
    with httpx.stream(
        "POST", f"{product.url}/v1/chat/completions", headers=product.headers(), content=json.dumps(body)
    ) as answer:
        flow = answer.headers["lexgate-flow"]
        for number, _ in enumerate(answer.iter_lines()):
            if number > 10:
                break
    record = product.record(flow, "aborted")
    assert 0 < record["meter"]["counted"]["output"] < 300


def test_a_conversation_is_counted_as_the_same_call_at_once(product: Product) -> None:
    """What was counted in earlier turns goes on as one sum; another tenant's call is counted from its texts."""

    def ask(caller: str) -> tuple[str, int]:
        body = json.dumps({"model": "home-1", "messages": messages}).encode()
        answer = httpx.post(f"{product.url}/v1/chat/completions", headers=product.headers(caller), content=body)
        counted = product.record(answer.headers["lexgate-flow"])["meter"]["counted"]
        return answer.json()["choices"][0]["message"]["content"], counted["input"]

    messages = [{"role": "system", "content": "You sell umbrellas."}]
    for said in ("Which colours are there?", "And in 红色?", "What does it cost?", "Thank you."):
        messages.append({"role": "user", "content": said})
        answer, counted = ask("crm")
        assert counted == ask("other")[1] > 0
        messages.append({"role": "assistant", "content": answer})


def certificate(folder: Path) -> None:
    """A throw-away authority, a server and a client certificate."""
    run = lambda *arguments: subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    run(
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-subj",
        "/CN=test authority",
        "-days",
        "2",
    )
    for name in ("server", "client"):
        run(
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.csr",
            "-subj",
            f"/CN={name}",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        )
        run(
            "x509",
            "-req",
            "-in",
            f"{name}.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-out",
            f"{name}.pem",
            "-days",
            "2",
            "-copy_extensions",
            "copy",
        )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates of this test")
def test_tls_and_client_certificates_on_both_listeners(tmp_path: Path) -> None:
    certificate(tmp_path)
    authority = str(tmp_path / "ca.pem")
    known, unknown = ssl.create_default_context(cafile=authority), ssl.create_default_context(cafile=authority)
    known.load_cert_chain(tmp_path / "client.pem", tmp_path / "client.key")
    record = tmp_path / "provider.jsonl"
    with canned_provider(record) as provider_url:
        tls = {"certificate": "./server.pem", "key": "./server.key", "client_ca": "./ca.pem"}
        product = prepare(tmp_path, provider_url, record, {"tls": tls})
        product.verify = known
        try:
            product.start()
            body = json.dumps({"model": "echo", "messages": [{"role": "user", "content": "hello"}]})
            url = f"{product.url}/v1/chat/completions"
            assert httpx.post(url, verify=known, headers=product.headers(), content=body).status_code == 200
            for target in (f"{product.url}/v1/models", f"{product.control_url}/healthz"):
                with pytest.raises(httpx.HTTPError):
                    httpx.get(target, verify=unknown)
        finally:
            end(product)
