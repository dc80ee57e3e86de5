"""Providers that fail, through the official SDK: what is tried again and where, what the caller gets, what is recorded."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import httpx
import openai
import pytest

from gateway.app import METRICS_SECONDS
from tests.e2e.product import Product, free_port, running
from tests.providers.stage import Reply, Stage

pytestmark = pytest.mark.e2e

FAILING = (429, 503, 529, 401, 500)
FIRST_EVENT = (
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"staged","choices":'
    b'[{"index":0,"delta":{"role":"assistant","content":"half"},"finish_reason":null}]}\n\n'
)


def provider(name: str, stage: Stage, jurisdiction: str = "DE", **more: Any) -> dict[str, Any]:
    return {"name": name, "base_url": stage.url, "jurisdiction": jurisdiction} | more


@pytest.fixture(scope="module")
def stages() -> Iterator[tuple[Stage, Stage]]:
    with Stage() as first, Stage() as second:
        yield first, second


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, stages: tuple[Stage, Stage]) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("lexgate")
    first, second = stages
    nowhere = f"http://127.0.0.1:{free_port()}"
    (folder / "key-b").write_text("sk-b\n")
    providers = [
        provider("alone", first, models=["alone"], protocols=["openai", "anthropic"]),
        provider("pool", first, models=["pool"], secret="env:KEY_A", secrets=["file:" + str(folder / "key-b"), "env:KEY_C"]),
        *[provider(f"first-{status}", first, models=[f"pair-{status}"]) for status in FAILING],
        provider("second", second, models=["pair-*"]),
        provider("home", first, models=["abroad"]),
        provider("far", second, "US", models=["abroad"]),
        provider("gone", first, models=["gone", "lost"]) | {"base_url": nowhere},
        provider("there", second, models=["gone"]),
        provider("frail", first, models=["frail"]),
        provider("waiting", first, models=["waiting"]),
        provider("probed", first, models=["probed"], probe_seconds=0.1) | {"base_url": nowhere},
        provider("slow", first, models=["slow"], first_byte_seconds=0.5),
    ]  # fmt: skip
    os.environ |= {"KEY_A": "sk-a", "KEY_C": "sk-c"}
    with running(
        folder,
        providers=providers,
        retries={"backoff_seconds": 0.05, "longest_wait_seconds": 2},
        breaker={"failures": 3, "open_seconds": 1.0, "longest_open_seconds": 1.0},
    ) as started:
        yield started


@pytest.fixture(autouse=True)
def quiet(stages: tuple[Stage, Stage]) -> None:
    for stage in stages:
        stage.play()
        stage.by_key = {}


def sdk(product: Product, caller: str = "crm") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{product.url}/v1", api_key=product.callers[caller].key, max_retries=0)


def ask(product: Product, model: str, content: str = "hello", **more: Any) -> tuple[str, dict[str, str]]:
    """The answer's text, and its header fields."""
    raw = sdk(product).chat.completions.with_raw_response.create(
        model=model, messages=[{"role": "user", "content": content}], **more
    )
    return raw.parse().choices[0].message.content or "", dict(raw.headers)


def refused(kind: type[openai.APIStatusError], call: Callable[[], object]) -> openai.APIStatusError:
    with pytest.raises(kind) as caught:
        call()
    return caught.value


def figure(product: Product, name: str, **labels: str) -> float:
    """One figure of /metrics, once the workers have reported."""
    wanted = {f'{key}="{value}"' for key, value in labels.items()}
    text = httpx.get(f"{product.control_url}/metrics", headers=product.officer, timeout=60).text
    rows = [line for line in text.splitlines() if line.startswith(name) and all(label in line for label in wanted)]
    return sum(float(row.rpartition(" ")[2]) for row in rows)


def served(product: Product, model: str) -> bool:
    try:
        return ask(product, model)[0] == "from the stage"
    except openai.APIStatusError:
        return False


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "did not happen in time"
        time.sleep(0.05)


# --- retries ---


@pytest.mark.parametrize("status", [429, 503, 529])
def test_a_busy_provider_is_asked_again_and_each_attempt_has_its_intent(
    product: Product, stages: tuple[Stage, Stage], status: int
) -> None:
    stages[0].play(status, Reply(status, {"retry-after": "0"}), 200)
    text, headers = ask(product, "alone")
    assert text == "from the stage"
    assert len(stages[0].asked) == 3
    assert len({asked.body for asked in stages[0].asked}) == 1
    record = product.record(headers["lexgate-flow"])
    assert [intent["attempt"] for intent in record["intents"]] == [1, 2, 3]
    assert record["pub"]["http_status"] == 200


def test_after_the_last_attempt_the_caller_gets_the_providers_own_answer(
    product: Product, stages: tuple[Stage, Stage]
) -> None:
    stages[0].play(*[Reply(429, {"retry-after": "1", "x-request-id": f"r{n}"}) for n in range(5)])
    error = refused(openai.RateLimitError, lambda: ask(product, "alone"))
    assert error.body["message"] == "staged 429"
    assert error.response.headers["retry-after"] == "1"
    assert error.response.headers["x-request-id"] == "r2"
    assert len(stages[0].asked) == 3
    record = product.record(error.response.headers["lexgate-flow"], "failed")
    assert (len(record["intents"]), record["pub"]["http_status"]) == (3, 429)


@pytest.mark.parametrize("headers", [{"retry-after": "60"}, {"x-should-retry": "false"}])
def test_what_the_provider_asks_for_is_honoured(
    product: Product, stages: tuple[Stage, Stage], headers: dict[str, str]
) -> None:
    stages[0].play(Reply(503, headers))
    error = refused(openai.InternalServerError, lambda: ask(product, "alone"))
    assert error.status_code == 503
    assert len(stages[0].asked) == 1


@pytest.mark.parametrize("status", [429, 503, 529])
def test_the_page_of_a_load_balancer_is_not_passed_on_but_when_to_come_back_is(
    product: Product, stages: tuple[Stage, Stage], status: int
) -> None:
    stages[0].play(Reply(status, {"content-type": "text/html", "retry-after": "59.2"}))
    error = refused(openai.APIStatusError, lambda: ask(product, "alone"))
    assert (error.status_code, error.code) == (status, "lexgate_upstream_failed")
    assert error.response.headers["retry-after"] == "60"
    assert "staged" not in error.response.text
    record = product.record(error.response.headers["lexgate-flow"], "failed")
    assert len(record["intents"]) == 1


@pytest.mark.parametrize(
    ("said", "passed"), [("7", "7"), ("2.5", "2.5"), ("-1", None), ("nan", None), ("soon, ask Maria", None)]
)
def test_a_retry_after_that_nobody_can_follow_is_not_passed_on(
    product: Product, stages: tuple[Stage, Stage], said: str, passed: str | None
) -> None:
    stages[0].play(*[Reply(429, {"retry-after": said, "x-should-retry": "false"})])
    error = refused(openai.RateLimitError, lambda: ask(product, "alone"))
    assert error.response.headers.get("retry-after") == passed


@pytest.mark.parametrize("reply", [Reply(500), Reply(400), Reply(502), Reply(hang_up=True)])
def test_what_a_provider_may_have_worked_on_is_never_sent_again(
    product: Product, stages: tuple[Stage, Stage], reply: Reply
) -> None:
    stages[0].play(reply)
    error = refused(openai.APIStatusError, lambda: ask(product, "pair-500"))
    assert error.status_code == (reply.status if reply.status != 200 else 502)
    assert (len(stages[0].asked), len(stages[1].asked)) == (1, 0)
    assert len(product.record(error.response.headers["lexgate-flow"], "failed")["intents"]) == 1


def test_a_stream_is_tried_again_only_before_its_first_byte(product: Product, stages: tuple[Stage, Stage]) -> None:
    stages[0].play(429, Reply(events=FIRST_EVENT))
    stream = sdk(product).chat.completions.create(
        model="alone", messages=[{"role": "user", "content": "x"}], stream=True
    )
    assert next(stream).choices[0].delta.content == "half"
    with pytest.raises(openai.APIError):
        list(stream)
    assert len(stages[0].asked) == 2


def test_an_overloaded_provider_of_the_other_family(product: Product, stages: tuple[Stage, Stage]) -> None:
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "staged", "stop_reason": "end_turn",
        "stop_sequence": None, "content": [{"type": "text", "text": "from the stage"}],
        "usage": {"input_tokens": 9, "output_tokens": 3},
    }  # fmt: skip
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "staged"}}
    claude = anthropic.Anthropic(base_url=product.url, api_key=product.callers["crm"].key, max_retries=0)
    ask_claude = lambda: claude.messages.create(
        model="alone", max_tokens=9, messages=[{"role": "user", "content": "hello"}]
    )
    stages[0].play(Reply(529, body=overloaded), Reply(body=message))
    assert ask_claude().content[0].text == "from the stage"
    assert len(stages[0].asked) == 2
    stages[0].play(*[Reply(529, {"retry-after": "0"}, overloaded)] * 3)
    with pytest.raises(anthropic.APIStatusError) as caught:
        ask_claude()
    assert (caught.value.status_code, caught.value.body) == (529, overloaded)
    stages[0].play()
    until(lambda: served(product, "alone"))  # three failures in a row opened the breaker


def test_a_caller_who_leaves_while_the_gateway_waits_ends_the_attempts(
    product: Product, stages: tuple[Stage, Stage]
) -> None:
    stages[0].play(*[Reply(503, {"retry-after": "2"})] * 3)
    with pytest.raises(openai.APITimeoutError):
        ask(product, "waiting", timeout=0.8)
    find = f"{product.control_url}/api/records?q=model:waiting+status:aborted"
    until(lambda: bool(httpx.get(find, headers=product.officer, timeout=60).json()["records"]))
    (record,) = httpx.get(find, headers=product.officer, timeout=60).json()["records"]
    assert len(record["intents"]) == 1
    time.sleep(2.5)
    assert len(stages[0].asked) == 1


# --- failover ---


@pytest.mark.parametrize("status", [429, 503, 529, 401])
def test_the_next_provider_is_asked_at_once(product: Product, stages: tuple[Stage, Stage], status: int) -> None:
    stages[0].play(Reply(status, {"retry-after": "60"}))
    text, headers = ask(product, f"pair-{status}")
    assert text == "from the stage"
    assert (len(stages[0].asked), len(stages[1].asked)) == (1, 1)
    record = product.record(headers["lexgate-flow"])
    assert record["pub"]["provider"] == "second"
    assert len(record["intents"]) == 2


def test_a_provider_that_is_gone_is_passed_over(product: Product, stages: tuple[Stage, Stage]) -> None:
    _, headers = ask(product, "gone")
    record = product.record(headers["lexgate-flow"])
    assert record["pub"]["provider"] == "there"
    assert record["intents"][0]["attempt"] == 1


def test_failover_is_decided_anew_for_its_own_jurisdiction(product: Product, stages: tuple[Stage, Stage]) -> None:
    """At home nothing had to be redacted; abroad it must be."""
    stages[0].play(Reply(503, {"retry-after": "60"}))
    _, headers = ask(product, "abroad", "Write to Maria Schneider, phone +49 151 23456789.")
    assert b"+49 151 23456789" in stages[0].asked[0].body
    assert b"23456789" not in stages[1].asked[0].body
    record = product.record(headers["lexgate-flow"])
    assert (record["pub"]["to"], record["pub"]["decision"]) == ("US", "redact")
    assert headers["lexgate-decision"] == "redact"


def test_failover_that_policy_refuses_leaves_the_first_answer(product: Product, stages: tuple[Stage, Stage]) -> None:
    stages[0].play(Reply(503, {"retry-after": "60"}))
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    with pytest.raises(openai.InternalServerError) as caught:
        sdk(product).chat.completions.create(
            model="abroad", messages=[{"role": "user", "content": [{"type": "text", "text": "what is it?"}, image]}]
        )
    assert caught.value.body["message"] == "staged 503"
    assert stages[1].asked == []
    record = product.record(caught.value.response.headers["lexgate-flow"], "failed")
    assert (record["pub"]["provider"], record["pub"]["to"], len(record["intents"])) == ("home", "DE", 1)


# --- keys ---


def test_keys_take_turns(product: Product, stages: tuple[Stage, Stage]) -> None:
    for _ in range(6):
        ask(product, "pool")
    keys = [asked.key for asked in stages[0].asked]
    assert sorted(keys[:3]) == ["sk-a", "sk-b", "sk-c"]
    assert keys[:3] == keys[3:]


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_refused_key_rests_and_another_one_serves(product: Product, stages: tuple[Stage, Stage], status: int) -> None:
    stages[0].by_key = {"sk-b": Reply(status, {"retry-after": "2"})}
    for _ in range(6):
        assert ask(product, "pool")[0] == "from the stage"
    keys = [asked.key for asked in stages[0].asked]
    assert keys.count("sk-b") == 1
    stages[0].by_key = {}
    product.gateway.send_signal(signal.SIGHUP)  # keys are read anew, and none of them rests
    stages[0].play()
    until(lambda: bool(ask(product, "pool")) and stages[0].asked[-1].key == "sk-b")


def test_a_rotated_key_takes_effect_with_a_reload(product: Product, stages: tuple[Stage, Stage]) -> None:
    (product.folder / "key-b").write_text("sk-new\n")
    product.gateway.send_signal(signal.SIGHUP)
    until(lambda: bool(ask(product, "pool")) and stages[0].asked[-1].key == "sk-new")
    (product.folder / "key-b").write_text("sk-b\n")
    product.gateway.send_signal(signal.SIGHUP)
    until(lambda: bool(ask(product, "pool")) and stages[0].asked[-1].key == "sk-b")
    assert "sk-new" not in product.log()


@pytest.mark.parametrize("bad", [None, b"", b"\n", b"two\nlines\n", b"\xff\n"])
def test_a_reload_with_a_bad_key_is_refused_and_the_good_one_serves(
    product: Product, stages: tuple[Stage, Stage], bad: bytes | None
) -> None:
    file = product.folder / "key-b"
    good, refusals = file.read_bytes(), product.log().count("configuration refused")
    try:
        if bad is None:
            file.unlink()
        else:
            file.write_bytes(bad)
        product.gateway.send_signal(signal.SIGHUP)
        until(lambda: product.log().count("configuration refused") > refusals)
        for _ in range(6):
            assert ask(product, "pool")[0] == "from the stage"
        assert {asked.key for asked in stages[0].asked} >= {good.decode().strip()}
    finally:
        file.write_bytes(good)


def test_when_every_key_is_refused_the_caller_learns_nothing_of_them(
    product: Product, stages: tuple[Stage, Stage]
) -> None:
    stages[0].by_key = {
        key: Reply(401, body={"error": {"message": f"bad key {key}"}}) for key in ("sk-a", "sk-b", "sk-c")
    }
    error = refused(openai.APIStatusError, lambda: ask(product, "pool"))
    assert error.status_code == 502
    assert "sk-" not in error.response.text
    assert len(stages[0].asked) == 3
    product.gateway.send_signal(signal.SIGHUP)
    stages[0].by_key = {}
    until(lambda: ask(product, "pool")[0] == "from the stage")


# --- the breaker ---


def test_a_provider_that_fails_again_and_again_is_left_alone_until_a_trial(
    product: Product, stages: tuple[Stage, Stage]
) -> None:
    before = figure(product, "lexgate_breaker_openings_total", provider="frail")
    stages[0].play(*[Reply(hang_up=True)] * 3)
    for _ in range(3):
        refused(openai.APIStatusError, lambda: ask(product, "frail"))
    asked = len(stages[0].asked)
    error = refused(openai.APIStatusError, lambda: ask(product, "frail"))
    assert (error.status_code, error.code) == (503, "lexgate_unavailable")
    assert int(error.response.headers["retry-after"]) >= 1
    assert len(stages[0].asked) == asked
    assert product.record(error.response.headers["lexgate-flow"], "failed")["intents"] == []
    until(lambda: figure(product, "lexgate_breaker_openings_total", provider="frail") == before + 1)
    until(lambda: served(product, "frail"))
    until(lambda: figure(product, "lexgate_breaker_state", provider="frail") == 0)
    assert ask(product, "frail")[0] == "from the stage"


def test_a_probe_sees_an_outage_before_a_caller_does(product: Product) -> None:
    until(lambda: figure(product, "lexgate_breaker_state", provider="probed") > 0)
    error = refused(openai.APIStatusError, lambda: ask(product, "probed"))
    assert error.status_code in {502, 503}
    assert figure(product, "lexgate_attempts_total", provider="probed") <= 1


def test_callers_cannot_open_a_breaker_with_requests_that_only_their_own_are_refused(
    product: Product, stages: tuple[Stage, Stage]
) -> None:
    stages[0].play(*[500] * 6, *[400] * 6)
    for _ in range(12):
        refused(openai.APIStatusError, lambda: ask(product, "alone"))
    assert ask(product, "alone")[0] == "from the stage"


def test_a_provider_has_timeouts_of_its_own(product: Product, stages: tuple[Stage, Stage]) -> None:
    stages[0].play(Reply(wait_s=1.5))
    error = refused(openai.APIStatusError, lambda: ask(product, "slow"))
    assert (error.status_code, error.code) == (504, "lexgate_upstream_timeout")
    stages[0].play(Reply(wait_s=1.0))
    assert ask(product, "alone")[0] == "from the stage"


def test_attempts_and_retries_are_counted(product: Product, stages: tuple[Stage, Stage]) -> None:
    time.sleep(2 * METRICS_SECONDS)  # until what came before has been reported
    retries = figure(product, "lexgate_retries_total", provider="alone", reason="status_529")
    attempts = figure(product, "lexgate_attempts_total", provider="alone")
    stages[0].play(529, 200)
    ask(product, "alone")
    until(lambda: figure(product, "lexgate_retries_total", provider="alone", reason="status_529") == retries + 1)
    assert figure(product, "lexgate_attempts_total", provider="alone") == attempts + 2


def test_the_log_verifies_afterwards(product: Product) -> None:
    verified = product.lexgate("audit", "verify")
    assert verified.returncode == 0, verified.stdout
