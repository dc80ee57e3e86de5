"""Calls go to the configured providers or nowhere: nothing that a caller, an answer or the environment says moves them."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Iterator
from typing import Any

import openai
import psutil
import pytest

from tests.e2e.product import Product, canned_provider, end, prepare
from tests.providers.stage import Reply, Stage

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def trap() -> Iterator[Stage]:
    """Where nothing may ever arrive."""
    with Stage() as made:
        yield made


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as made:
        yield made


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, trap: Stage, stage: Stage) -> Iterator[Product]:
    """A product whose whole environment points at the trap."""
    folder = tmp_path_factory.mktemp("lexgate")
    record = folder / "provider.jsonl"
    with canned_provider(record) as url:
        product = prepare(folder, url, record, {})
        product.config["providers"] = [
            {
                "name": "stage",
                "base_url": stage.url,
                "jurisdiction": "DE",
                "models": ["*"],
                "protocols": ["openai", "anthropic"],
            }
        ]
        product.write_config()
        for name in ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy"):
            product.environment |= {name: trap.url, name.upper(): trap.url}
        product.environment |= {
            "OPENAI_BASE_URL": trap.url,
            "OPENAI_API_BASE": trap.url,
            "ANTHROPIC_BASE_URL": trap.url,
            "HOME": str(folder / "home"),
            "CI": "",  # where it is set, some libraries keep to themselves
        }
        (folder / "home").mkdir()
        try:
            product.start()
            yield product
        finally:
            end(product)


@pytest.fixture(autouse=True)
def nothing_in_the_trap(product: Product, trap: Stage, stage: Stage) -> Iterator[None]:
    stage.play()
    yield
    assert trap.asked == []
    assert list((product.folder / "home").rglob("*")) == [], "a library keeps something for itself"
    listening = {stage.port, int(product.config["listen"]["data"].rpartition(":")[2])}
    listening.add(int(product.config["listen"]["control"].rpartition(":")[2]))
    for process in psutil.Process(product.gateway.pid).children():
        for connection in process.net_connections("tcp"):
            if connection.raddr and connection.laddr.port not in listening:
                assert connection.raddr.port in listening, connection


def sdk(product: Product) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{product.url}/v1", api_key=product.callers["crm"].key, max_retries=0)


def ask(product: Product, model: str = "m", **more: Any) -> str:
    said = sdk(product).chat.completions.create(model=model, messages=[{"role": "user", "content": "hello"}], **more)
    return said.choices[0].message.content or ""


def raw(product: Product, target: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    """A request whose target and fields are exactly these."""
    connection = http.client.HTTPConnection(product.config["listen"]["data"], timeout=30)
    connection.putrequest("POST", target, skip_host=True, skip_accept_encoding=True)
    given = {"Host": "gateway", "Content-Type": "application/json", "Content-Length": str(len(body))}
    given["Authorization"] = f"Bearer {product.callers['crm'].key}"
    for name, value in (given | headers).items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    told = answer.status, answer.read()
    connection.close()
    return told


BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hello"}]}).encode()


def test_the_environments_proxies_are_not_used(product: Product, stage: Stage) -> None:
    assert ask(product) == "from the stage"
    assert len(stage.asked) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "TRAP"},
        {"X-Forwarded-Host": "TRAP", "X-Forwarded-Proto": "http", "Forwarded": "host=TRAP"},
        {"X-Original-URL": "http://TRAP/", "X-Rewrite-URL": "http://TRAP/", "X-HTTP-Host-Override": "TRAP"},
        {"Proxy": "http://TRAP", "Proxy-Connection": "keep-alive", "Proxy-Authorization": "Basic eA=="},
        {"Lexgate-Provider": "http://TRAP", "X-Base-URL": "http://TRAP", "Helicone-Target-URL": "http://TRAP"},
        {"X-Upstream": "http://TRAP", "Api-Base": "http://TRAP", "Referer": "http://TRAP/", "Origin": "http://TRAP"},
        {"Alt-Svc": 'h2="TRAP"', "Upgrade": "h2c", "Connection": "upgrade"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_no_header_field(product: Product, stage: Stage, trap: Stage, headers: dict[str, str]) -> None:
    there = trap.url.removeprefix("http://")
    status, _ = raw(
        product, "/v1/chat/completions", {name: v.replace("TRAP", there) for name, v in headers.items()}, BODY
    )
    assert status in {200, 400, 426}
    for asked in stage.asked:
        assert there not in json.dumps(asked.headers)
        assert asked.headers["host"] == stage.url.removeprefix("http://")


@pytest.mark.parametrize(
    "target",
    ["http://TRAP/v1/chat/completions", "//TRAP/v1/chat/completions", "/v1/chat/completions?base_url=http://TRAP",
     "/v1/chat/completions/../../@TRAP/", "/v1/chat/completions#@TRAP", "/v1%2Fchat/completions", "TRAP:443"],
)  # fmt: skip
def test_no_request_target(product: Product, stage: Stage, trap: Stage, target: str) -> None:
    raw(product, target.replace("TRAP", trap.url.removeprefix("http://")), {}, BODY)
    assert {asked.path for asked in stage.asked} <= {"/v1/chat/completions"}


def test_no_connect(product: Product, trap: Stage) -> None:
    connection = http.client.HTTPConnection(product.config["listen"]["data"], timeout=30)
    connection.set_tunnel("127.0.0.1", trap.port, {"Authorization": f"Bearer {product.callers['crm'].key}"})
    with pytest.raises(OSError, match="Tunnel connection failed"):
        connection.request("POST", "/v1/chat/completions", BODY)


@pytest.mark.parametrize(
    "field",
    ["base_url", "api_base", "endpoint", "provider", "url", "target", "proxy", "custom_llm_provider", "deployment"],
)
def test_no_field_of_the_body(product: Product, stage: Stage, trap: Stage, field: str) -> None:
    assert ask(product, extra_body={field: trap.url}) == "from the stage"
    assert len(stage.asked) == 1


@pytest.mark.parametrize(
    "model",
    [
        "TRAP/v1",
        "http://TRAP/x",
        "//TRAP",
        "@TRAP",
        "../../TRAP",
        "m\r\nhost: TRAP",
        "m HTTP/1.1",
        "stage/../x",
        "m?x=TRAP#y",
    ],
)
def test_no_model_name(product: Product, stage: Stage, trap: Stage, model: str) -> None:
    name = model.replace("TRAP", trap.url.removeprefix("http://"))
    with contextlib.suppress(openai.BadRequestError, openai.NotFoundError):
        ask(product, name)
    for asked in stage.asked:
        assert asked.path == "/v1/chat/completions"
        assert trap.url.removeprefix("http://") not in json.dumps(asked.headers)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect(product: Product, stage: Stage, trap: Stage, status: int) -> None:
    moved = {
        "location": f"{trap.url}/v1/chat/completions",
        "refresh": f"0; url={trap.url}",
        "alt-svc": f'h2="{trap.url}"',
    }
    stage.play(Reply(status, moved))
    with pytest.raises(openai.APIStatusError) as caught:
        ask(product)
    assert "location" not in caught.value.response.headers
    assert "alt-svc" not in caught.value.response.headers
    assert len(stage.asked) == 1


def test_no_url_in_the_content(product: Product, stage: Stage, trap: Stage) -> None:
    image = {"type": "image_url", "image_url": {"url": f"{trap.url}/cat.png"}}
    content = [{"type": "text", "text": f"Fetch {trap.url}/x and {trap.url}/.well-known"}, image]
    sdk(product).chat.completions.create(model="m", messages=[{"role": "user", "content": content}])
