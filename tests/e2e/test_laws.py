"""The laws of the product, each tried on the whole product."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import threading
import time
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import psutil
import pytest

from audit.keys import Keyring
from audit.search.records import Records
from tests.e2e.product import Product, files_of, running

pytestmark = pytest.mark.e2e

KILLS = int(os.environ.get("KILLS", "25"))
"""`make soak` asks for 1,000. The name is none of ours: `serve` would take LEXGATE_KILLS for an option, and refuse it."""
NAME = "Annegret Wiedenbrück"
CARD = "5500 0055 5555 5559"
KEY = "sk-ant-api03-Qm3vT8pYw1Zs6Kd0Rx4Lc9Bn2Hf7Jg5Ua-TkEiOoPlMnWqSzXv"
PHONE = "+49 176 98765432"
PLANTED = (NAME, CARD, KEY, PHONE, "Wiedenbrück", "5500005555555559", "98765432")
PROMPT = f"Our customer {NAME}, phone {PHONE}, card {CARD}, uses the key {KEY}."


# No record, no egress.


def load(product: Product, stop: threading.Event, whole: list[str]) -> None:
    """Unique calls, one after the other, until told to stop. A refused or broken call is no error here.

    `whole` gets the flows whose answers came to their end. A stream that began and then met a killed process has status
    200 too, and ends with an error event: its flow is not completed, and nobody was told that it is.
    """
    with httpx.Client(timeout=10) as client:
        number = 0
        while not stop.is_set():
            number += 1
            content = f"call {threading.get_ident()} {number} {random.random()}"
            body = {"model": "echo", "stream": number % 2 == 0, "messages": [{"role": "user", "content": content}]}
            try:
                answer = client.post(
                    f"{product.url}/v1/chat/completions", headers=product.headers(), content=json.dumps(body)
                )
            except httpx.HTTPError:
                time.sleep(0.01)
                continue
            if answer.status_code == 200 and (not body["stream"] or answer.text.endswith("data: [DONE]\n\n")):
                whole.append(answer.headers["lexgate-flow"])


def processes(product: Product) -> list[psutil.Process]:
    supervisor = psutil.Process(product.gateway.pid)
    return [supervisor, *supervisor.children()]


def kill_one(product: Product, chance: random.Random) -> None:
    """kill -9 of a process drawn at random; a killed supervisor takes all down and is started again."""
    try:
        victim = chance.choice(processes(product))
    except psutil.NoSuchProcess:
        return
    if victim.pid == product.gateway.pid:
        product.gateway.kill()
        product.gateway.wait()
        product.start()
    else:
        os.kill(victim.pid, signal.SIGKILL)


def all_records(product: Product) -> list[dict[str, Any]]:
    records = Records(product.folder / "lexgate.db", Keyring.open(product.folder / "keys"))
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = records.find("", after=after, limit=500)
        found += page.records
        after = page.next
        if after is None:
            records.close()
            return found


def forwarded_digests(product: Product, records: list[dict[str, Any]]) -> set[str]:
    return {record["digest"]["forwarded"] for record in records if "forwarded" in record.get("digest", {})}


@pytest.mark.timeout(max(600, 10 * KILLS))
def test_every_request_upstream_has_its_intent_after_random_kills(tmp_path: Path) -> None:
    chance = random.Random(20261124)
    with running(tmp_path, workers=2) as product:
        stop, whole = threading.Event(), list[str]()
        threads = [threading.Thread(target=load, args=(product, stop, whole)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.05, 0.9))
            kill_one(product, chance)
        time.sleep(1)
        stop.set()
        for thread in threads:
            thread.join()
        product.wait_until_ready()
        assert product.stop() == 0
        keyring = Keyring.open(product.folder / "keys")
        key = keyring.derive("digest", "acme")
        records = all_records(product)
        intended = forwarded_digests(product, records)
        sent = {blake2b(request["body"], key=key, digest_size=32).hexdigest() for request in product.requests()}
        assert len(sent) > KILLS  # the load did get through between the kills
        assert sent <= intended
        statuses = {record["status"] for record in records}
        assert "open" not in statuses
        assert {"completed", "interrupted"} <= statuses
        assert set(whole) <= {record["flow"] for record in records if record["status"] == "completed"}
        assert len(whole) == len(set(whole)) > KILLS
        assert product.lexgate("audit", "verify").returncode == 0


def test_a_log_writer_or_inspector_that_hangs_refuses_the_call(tmp_path: Path) -> None:
    with running(tmp_path, timeouts={"record": 1.0, "inspect": 1.0}) as product:
        for process, code in (("process-writer", 503), ("process-inspector", 503)):
            assert product.chat("hello").status_code == 200
            before = len(product.requests())
            victim = next(p for p in processes(product) if process in p.cmdline())
            victim.suspend()
            answer = product.chat(f"something new {random.random()}")
            victim.resume()
            assert answer.status_code == code
            assert len(product.requests()) == before
            product.wait_until_ready()
            ends = time.monotonic() + 20
            while product.chat("hello").status_code != 200 and time.monotonic() < ends:
                time.sleep(0.1)
        assert product.chat("hello").status_code == 200
        assert product.stop() == 0
        assert product.lexgate("audit", "verify").returncode == 0


# Nothing sensitive in the clear.


def test_no_planted_value_is_in_logs_metrics_errors_or_the_database(tmp_path: Path) -> None:
    with running(tmp_path) as product:
        said = []
        for model in ("echo", "tool", "json", "status-500", "malformed", "cut-3", "reset", "home/echo", "lie+50"):
            for stream in (False, True):
                answer = product.chat(PROMPT, model, stream=stream)
                if answer.status_code != 200:
                    said.append(answer.text)
        said.append(product.chat(PROMPT, "echo", messages=PROMPT).text)
        broken = b'{"model":"echo","messages":[{"role":"user","content":"' + PROMPT.encode()
        for path in ("/v1/chat/completions", "/v1/messages", f"/v1/{KEY}", f"/{CARD.replace(' ', '')}"):
            said.append(httpx.post(product.url + path, headers=product.headers(), content=broken).text)
        for query in (CARD, KEY, f'user:"{NAME}"'):  # the answer may name the token to who typed it; nothing else may
            httpx.get(f"{product.control_url}/api/records", params={"q": query}, headers=product.officer)
        said.append(httpx.get(f"{product.control_url}/metrics", headers=product.officer).text)
        time.sleep(1.5)
        said.append(httpx.get(f"{product.control_url}/metrics", headers=product.officer).text)
        assert product.stop() == 0
        for text in said:
            for value in PLANTED:
                assert value not in text
        for file, content in files_of(product.folder):
            for value in PLANTED:
                assert value.encode() not in content, (file, value)
                assert json.dumps(value).strip('"').encode() not in content, (file, value)


class Receiver(BaseHTTPRequestHandler):
    """An OTLP/HTTP endpoint that keeps what it is sent."""

    received: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.received.append(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  the base class's name
        pass


def test_spans_tell_the_journey_and_no_content(tmp_path: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}/v1/traces"
    with running(tmp_path, telemetry={"otlp_endpoint": endpoint}) as product:
        parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        body = json.dumps({"model": "echo", "messages": [{"role": "user", "content": PROMPT}]})
        headers = product.headers(traceparent=parent, baggage="user=li.wei")
        flow = httpx.post(f"{product.url}/v1/chat/completions", headers=headers, content=body).headers["lexgate-flow"]
        product.chat(PROMPT, "status-500")
        sent = dict(product.requests()[0]["headers"])
        assert {name.lower(): value for name, value in sent.items()}["traceparent"].split("-")[1] == parent.split("-")[
            1
        ]
        record = product.record(flow)
        assert record["pub"]["trace_id"] == parent.split("-")[1]
        assert product.stop() == 0
    server.shutdown()
    spans = b"".join(Receiver.received)
    assert bytes.fromhex(record["pub"]["trace_id"]) in spans
    assert bytes.fromhex(record["pub"]["span_id"]) in spans
    assert flow.encode() in spans
    for step in (b"authenticate", b"inspect", b"decide", b"commit", b"forward", b"record", b"settle"):
        assert step in spans
    for value in (*PLANTED, "li.wei"):
        assert value.encode() not in spans


# Same bytes.

ODD = (
    b'{ "messages" :\n [ {"content":"caf\\u00e9 \\ud83d\\ude00 \\/ 1e400 x","role":"user" , "x_unknown": [1.0, 1e2, 0.10, -0.0]} ],'
    b'\t"model":"home/echo","max_tokens":12345,"seed":123456789012345678901234567890,"temperature":0.70000000000000001}\r\n'
)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_what_no_obligation_touches_arrives_as_it_was_sent(product: Product, path: str) -> None:
    answer = httpx.post(product.url + path, headers=product.headers(), content=ODD)
    assert answer.status_code == 200, answer.text
    assert product.requests()[-1]["body"] == ODD


def test_an_answer_that_nothing_touches_is_delivered_byte_for_byte(product: Product) -> None:
    body = json.dumps({"model": "home/echo", "messages": [{"role": "user", "content": "plain words"}]}).encode()
    through = httpx.post(f"{product.url}/v1/chat/completions", headers=product.headers(), content=body)
    direct = httpx.post(f"{product.provider_url}/v1/chat/completions", content=body)
    assert through.content == direct.content
    streamed = body.replace(b'"messages"', b'"stream":true,"stream_options":{"include_usage":true},"messages"')
    through = httpx.post(f"{product.url}/v1/chat/completions", headers=product.headers(), content=streamed)
    direct = httpx.post(f"{product.provider_url}/v1/chat/completions", content=streamed)
    assert product.requests()[-2]["body"] == streamed
    # The guard may hold the beginning of a possible match for a moment: events and their other fields stay.
    events = [
        [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
        for answer in (through, direct)
    ]
    texts = ["".join(e["choices"][0]["delta"].pop("content", "") for e in some if e["choices"]) for some in events]
    assert texts == ["plain words", "plain words"]
    assert events[0] == events[1]


def test_only_the_redacted_bytes_change(product: Product) -> None:
    before = b'{"model":"echo", "n":1,\n"messages":[{"role":"user","content":"card 4111 1111 1111 1111 \\u00e9nd"}] }'
    answer = httpx.post(f"{product.url}/v1/chat/completions", headers=product.headers(), content=before)
    assert answer.status_code == 200, answer.text
    sent = product.requests()[-1]["body"]
    head, _, tail = before.partition(b"4111 1111 1111 1111")
    assert sent.startswith(head)
    assert sent.endswith(tail)
    assert "⟦CREDIT_CARD_".encode() in sent


def test_only_listed_headers_travel(product: Product) -> None:
    extra = {"baggage": "tenant=acme", "cookie": "a=b", "x-internal": "secret", "openai-beta": "x", "user-agent": "me"}
    product_headers = product.headers() | extra
    body = {"model": "home/echo", "messages": [{"role": "user", "content": "x"}]}
    httpx.post(f"{product.url}/v1/chat/completions", headers=product_headers, content=json.dumps(body))
    received = {name.lower() for name, _ in product.requests()[-1]["headers"]}
    assert not received & {"baggage", "cookie", "x-internal", "authorization", "x-api-key"}
    assert {"openai-beta", "traceparent"} <= received


# One walk per content, and no oracle.


def inspected(product: Product) -> dict[str, float]:
    """Look-ups in the verdict cache so far, by result."""
    time.sleep(1.3)
    text = httpx.get(f"{product.control_url}/metrics", headers=product.officer).text
    found = {"hit": 0.0, "miss": 0.0}
    for line in text.splitlines():
        if line.startswith("lexgate_cache_total") and 'cache="verdict"' in line:
            found["hit" if 'result="hit"' in line else "miss"] += float(line.split()[-1])
    return found


def test_a_resent_conversation_is_inspected_once(product: Product) -> None:
    messages: list[dict[str, str]] = []
    misses = []
    for turn in range(6):
        messages.append({"role": "user", "content": f"turn {turn}: {random.random()} tell me more about gardening"})
        before = inspected(product)["miss"]
        answer = product.chat("", "home/echo", messages=messages)
        misses.append(inspected(product)["miss"] - before)
        messages.append({"role": "assistant", "content": answer.json()["choices"][0]["message"]["content"]})
    assert misses[1:] == [2.0] * 5  # the last answer, seen as a message for the first time, and the new question


def test_one_tenants_content_is_new_for_another(product: Product) -> None:
    content = f"unheard of {random.random()} by Maria Schneider, phone +49 151 23456789"
    product.chat(content)
    seen = inspected(product)
    product.chat(content)
    same = inspected(product)
    product.chat(content, caller="other")
    foreign = inspected(product)
    assert same["miss"] == seen["miss"]
    assert foreign["miss"] > same["miss"]
    mine, theirs = (request["body"].decode() for request in product.requests()[-2:])
    placeholders = [{part.split("⟧")[0] for part in body.split("⟦")[1:]} for body in (mine, theirs)]
    assert placeholders[0]
    assert not placeholders[0] & placeholders[1]


def test_one_tenants_placeholders_are_worth_nothing_to_another(product: Product) -> None:
    product.chat("Maria Schneider, phone +49 151 23456789")
    body = product.requests()[-1]["body"].decode()
    placeholder = "⟦" + body.split("⟦")[1].split("⟧")[0] + "⟧"
    answer = product.chat(f"Who is {placeholder}?", caller="other")
    assert "Maria" not in answer.text
    assert placeholder in answer.json()["choices"][0]["message"]["content"]
