"""Every provider entry of docs/providers.md works as it stands: it loads, and calls go where they should."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from gateway.configuration.reading import load
from gateway.errors import ConfigurationError
from gateway.flow import Usage
from gateway.ingress.endpoints import endpoint_of
from gateway.metering.price import PriceBook
from gateway.settings import Timeouts
from gateway.upstream.headers import RequestHeaders
from gateway.upstream.http1 import Http1Client
from gateway.upstream.key_pool import KeyPool
from gateway.upstream.request_head import Place
from gateway.upstream.routing import Routes

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
ENTRIES = {entry["name"]: entry for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL) for entry in yaml.safe_load(block)["providers"]}  # fmt: skip
AT_US = 1_795_000_000_000_000
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
URLS = {
    ("deepseek", CHAT): "https://api.deepseek.com/v1/chat/completions",
    ("deepseek", MESSAGES): "https://api.deepseek.com/anthropic/v1/messages",
    ("qwen", CHAT): "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions",
    ("qwen", MESSAGES): "https://dashscope.aliyuncs.com/apps/anthropic/v1/messages",
    ("glm", CHAT): "https://open.bigmodel.cn/api/paas/v4/chat/completions",
    ("glm", MESSAGES): "https://open.bigmodel.cn/api/anthropic/v1/messages",
    ("glm", "/v1/messages/count_tokens"): "https://open.bigmodel.cn/api/anthropic/v1/messages/count_tokens",
    ("kimi", CHAT): "https://api.moonshot.cn/v1/chat/completions",
    ("kimi", MESSAGES): "https://api.moonshot.cn/anthropic/v1/messages",
    ("minimax", CHAT): "https://api.minimaxi.com/v1/chat/completions",
    ("minimax", MESSAGES): "https://api.minimaxi.com/anthropic/v1/messages",
    ("doubao", CHAT): "https://ark.cn-beijing.volces.com/api/v3/chat/completions",
    ("gemini", "/v1beta/models/gemini-2.5-flash:generateContent"): "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
}  # fmt: skip
MODELS = {
    "deepseek": ["deepseek-chat", "deepseek-reasoner"],
    "qwen": ["qwen3-max", "qwen-plus-2025-09-11", "qwq-plus"],
    "glm": ["glm-4.6", "glm-4.5-air"],
    "kimi": ["kimi-k2-0905-preview", "moonshot-v1-128k"],
    "minimax": ["MiniMax-M2"],
    "doubao": ["doubao-seed-1-6-250615", "ep-20240607092512-c5wnh"],
    "gemini": ["gemini-2.5-flash"],
}


@pytest.fixture
def providers(tmp_path, monkeypatch):
    """All entries in one configuration, as `lexgate serve` would load it."""
    for entry in ENTRIES.values():
        monkeypatch.setenv(entry["secret"].removeprefix("env:"), f"secret of {entry['name']}")
    file = tmp_path / "lexgate.yaml"
    file.write_text(yaml.safe_dump({"providers": list(ENTRIES.values())}))
    return load(file, {}).providers


def test_every_entry_loads_and_no_two_claim_the_same_model(providers):
    assert [provider.name for provider in providers] == list(ENTRIES) == list(MODELS)
    routes = Routes(providers)
    for name, models in MODELS.items():
        for model in models:
            for family in ENTRIES[name]["protocols"]:
                assert [found.name for found in routes.candidates(family, model)] == [name]


@pytest.mark.parametrize(
    ("name", "priced"),
    [
        ("deepseek", True),
        ("kimi", True),
        ("minimax", True),
        ("gemini", True),
        ("qwen", False),
        ("glm", False),
        ("doubao", False),
    ],
)
def test_prices_are_found_where_the_page_says_so_and_never_guessed(providers, name, priced):
    provider = next(provider for provider in providers if provider.name == name)
    price = PriceBook().price(provider.price_provider or name, MODELS[name][0], Usage(input=1000, output=100), AT_US)
    assert price.as_dict()["match"] in ({"exact", "alias"} if priced else {"none"})


@pytest.mark.parametrize(("name", "path"), URLS)
def test_calls_go_where_the_provider_has_its_api(providers, name, path):
    provider = next(provider for provider in providers if provider.name == name)
    endpoint = endpoint_of(path, b"")
    assert provider.base_url + provider.path(endpoint.path) == URLS[name, path]
    Place(provider.base_url).start(provider.path(endpoint.path))  # raises for a path that cannot be called
    secret = KeyPool.of(provider).take("m", 0.0).value
    headers = RequestHeaders().of(secret, endpoint.family, {}, "00-1-2-00")
    field = {"openai": "authorization", "anthropic": "x-api-key", "gemini": "x-goog-api-key"}[endpoint.family]
    assert headers[field].removeprefix("Bearer ") == f"secret of {name}"
    assert len([value for value in headers.values() if "secret of" in value]) == 1


def test_every_family_of_every_entry_was_looked_at():
    looked_at = {(name, endpoint_of(path, b"").family) for name, path in URLS}
    assert looked_at == {(entry["name"], family) for entry in ENTRIES.values() for family in entry["protocols"]}


@pytest.mark.parametrize("name", ENTRIES)
def test_every_fact_of_an_entry_has_a_row_that_says_where_it_comes_from(name):
    section = next(part for part in PAGE.split("\n## ") if f"  - name: {name}\n" in part)
    for fact, word in (
        ("retention_days", "saved"),
        ("training", "train|optimise"),
        ("covered_person", "covered person"),
    ):
        if ENTRIES[name].get(fact) is not None:
            rows = [row for row in section.splitlines() if row.startswith("|") and re.search(word, row)]
            assert any("https://" in row for row in rows), fact


def test_the_longest_beginning_counts_and_only_at_a_slash(providers):
    glm = next(provider for provider in providers if provider.name == "glm")
    assert glm.path("/v1") == "/api/paas/v4"
    assert glm.path("/v1beta/models/m:generateContent") == "/v1beta/models/m:generateContent"
    assert glm.path("/v1/messagesx") == "/api/paas/v4/messagesx"


@pytest.mark.parametrize(
    "paths",
    ["{/v1: //evil.example}", "{/v1: /a/../b?x}", "{v1: /v4}", "{/v1: /a/../b}", "{/v1: ''}", "{/v1: 'https://x'}"],
)
def test_paths_are_paths_and_nothing_else(tmp_path, paths):
    file = tmp_path / "lexgate.yaml"
    file.write_text(f"providers:\n  - {{name: a, base_url: 'https://a.example', jurisdiction: CN, paths: {paths}}}\n")
    with pytest.raises(ConfigurationError):
        load(file, {})


async def test_a_mapped_path_is_what_arrives(providers):
    """Over a real connection: the provider sees its own path, and the query of a stream stays."""
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.path_qs)
        return web.json_response({"ok": json.loads(await request.read())})

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    client = Http1Client(Timeouts())
    try:
        for name, path, query in (
            ("glm", CHAT, b""),
            ("gemini", "/v1beta/models/m:streamGenerateContent", b"alt=sse&x=1"),
        ):
            provider = next(p for p in providers if p.name == name).model_copy(update={"base_url": url})
            upstream = await client.post(provider, provider.path(endpoint_of(path, query).path), {}, b"{}")
            assert upstream.status == 200
            assert b"".join([chunk async for chunk in upstream.chunks()]) == b'{"ok": {}}'
            upstream.close()
    finally:
        await client.close()
        await runner.cleanup()
    assert seen == ["/api/paas/v4/chat/completions", "/v1beta/models/m:streamGenerateContent?alt=sse"]
