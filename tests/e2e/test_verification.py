"""What the running product made is found again: by command, by API, through the page's form; and nobody else's is."""

from __future__ import annotations

import base64
import json

import httpx
import pytest

from tests.e2e.product import Product

pytestmark = pytest.mark.e2e

QUESTION = (
    "Our orchard has twelve rows of old apple trees, and each spring the third row flowers a week before all others. "
    "We measured soil, light and water for two years and found no difference that would explain it, so now we think of "
    "the hedge behind it, which keeps off the wind from the river and lets the ground warm up earlier than elsewhere."
)


def answered(product: Product, caller: str) -> tuple[str, str]:
    """A text that the echo answers with, and its flow, once it is settled."""
    answer = product.chat(QUESTION, model="home-echo", caller=caller)
    flow = answer.headers["lexgate-flow"]
    product.record(flow)
    return answer.json()["choices"][0]["message"]["content"], flow


def test_an_answer_is_confirmed_by_command_api_and_page(product: Product) -> None:
    text, flow = answered(product, "crm")
    (product.folder / "answer.txt").write_text(" ".join(text.split()[8:44]))
    told = json.loads(product.lexgate("content", "verify", "answer.txt", "--json").stdout)
    assert (told["verdict"], told["flow"], told["matches"][0]["by"]) == ("confirmed", flow, ["fingerprint"])

    url = f"{product.control_url}/api/content/verify"
    told = httpx.post(url, content=text.encode(), headers=product.officer, timeout=60).json()
    assert (told["verdict"], told["flow"]) == ("confirmed", flow)
    assert "exact" in told["matches"][0]["by"]
    assert httpx.post(url, content=text.encode()).status_code == 401

    form = {"key": product.operator_key, "text": text}
    page = httpx.post(f"{product.control_url}/verify", data=form, files={"sidecar": ("", b"")}, timeout=60)
    assert flow in page.text
    assert product.lexgate("content", "verify", "answer.txt", "--tenant", "globex").returncode == 1


def test_a_public_picture_is_confirmed_and_its_bytes_changed_are_not(product: Product) -> None:
    body = {"model": "home/echo", "prompt": "a lighthouse at dusk"}
    answer = httpx.post(f"{product.url}/v1/images/generations", json=body, headers=product.headers("site"), timeout=90)
    flow, data = answer.headers["lexgate-flow"], base64.b64decode(answer.json()["data"][0]["b64_json"])
    product.record(flow)
    (product.folder / "picture.png").write_bytes(data)
    found = product.lexgate("content", "verify", "picture.png", "--json")
    told = json.loads(found.stdout)
    assert (found.returncode, told["verdict"], told["flow"]) == (0, "confirmed", flow)
    states = {item["kind"]: item["state"] for item in told["evidence"]}
    assert states["c2pa_integrity"] == states["c2pa_trust"] == states["exact"] == "present"

    at = data.rindex(b"IDAT") + 60
    (product.folder / "changed.png").write_bytes(data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :])
    told = json.loads(product.lexgate("content", "verify", "changed.png", "--json").stdout)
    assert told["verdict"] != "confirmed" or "prints" in told["matches"][0]["by"]
    assert {item["kind"]: item["state"] for item in told["evidence"]}["c2pa_integrity"] == "invalid"


def test_content_marked_by_command_goes_through_the_running_log(product: Product) -> None:
    (product.folder / "note.txt").write_text(QUESTION[::-1])
    made = product.lexgate("content", "mark", "note.txt", "-o", "out", "--application", "other", "--json")
    told = json.loads(made.stdout)
    assert told["carries"][0] == "explicit", made.stderr
    assert product.lexgate("content", "verify", "out/note.txt", "--tenant", "globex").returncode == 0
    assert product.lexgate("content", "verify", "out/note.txt", "--tenant", "acme").returncode == 1
    record = httpx.get(f"{product.control_url}/api/records/{told['flow']}", headers=product.officer).json()
    assert (record["status"], record["intents"], record["pub"]["protocol"]) == ("completed", [], "content_mark")
    assert product.lexgate("audit", "verify").returncode == 0
