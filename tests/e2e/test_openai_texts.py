"""Legacy completions, embeddings and moderations through the official SDKs."""

from __future__ import annotations

import json

import openai
import pytest

from tests.e2e.node import client as node
from tests.e2e.product import Product
from tests.e2e.test_sdks import PROMPT, VALUES, nothing_left, openai_client, restored

pytestmark = pytest.mark.e2e


def test_a_completion(product: Product) -> None:
    client = openai_client(product)
    whole = client.completions.create(model="echo", prompt=PROMPT, max_tokens=400)
    restored(whole.choices[0].text)
    nothing_left(product)
    stream = list(client.completions.create(model="echo/size-3", prompt=[PROMPT, "and more"], stream=True))
    restored("".join(chunk.choices[0].text for chunk in stream if chunk.choices))
    assert all(chunk.usage is None for chunk in stream)
    nothing_left(product)


def test_embeddings_in_both_encodings(product: Product) -> None:
    client = openai_client(product)
    floats = client.embeddings.create(model="text-embedding-3-small", input=[PROMPT, "two"], encoding_format="float")
    coded = client.embeddings.create(model="text-embedding-3-small", input=[PROMPT, "two"])
    assert [len(one.embedding) for one in floats.data] == [16, 16]
    for one, same in zip(coded.data, floats.data, strict=True):
        assert one.embedding == pytest.approx(same.embedding, abs=1e-6)
    nothing_left(product)
    with pytest.raises(openai.BadRequestError, match="token numbers"):
        client.embeddings.create(model="text-embedding-3-small", input=[[1, 2, 3]])


def test_what_embeddings_cost_is_recorded_and_counted_without_overhead(product: Product) -> None:
    texts = [f"a short text, number {number}" for number in range(40)]
    raw = openai_client(product).embeddings.with_raw_response.create(
        model="text-embedding-3-small", input=texts, encoding_format="float"
    )
    record = product.record(raw.headers["lexgate-flow"])
    meter = record["meter"]
    assert meter["reported"]["input"] == json.loads(raw.content)["usage"]["prompt_tokens"]
    assert meter["reported"]["output"] == meter["counted"]["output"] == 0
    assert abs(meter["counted"]["input"] - meter["reported"]["input"]) <= 40
    assert not meter["discrepancy"]
    assert record["pub"]["protocol"] == "openai_embeddings"


def test_moderations(product: Product) -> None:
    answer = openai_client(product).moderations.create(input=[PROMPT, "they do harm"])
    assert [result.flagged for result in answer.results] == [False, True]
    sent = product.requests()[-1]["body"].decode()
    assert not any(value in sent for value in VALUES)
    assert "model" not in json.loads(sent)


@pytest.mark.skipif(bool(node.MISSING), reason=node.MISSING)
@pytest.mark.parametrize("scenario", ["completion", "embedding", "moderation"])
def test_the_node_sdk(product: Product, scenario: str) -> None:
    told = node.tell("openai", scenario, url=product.url, key=product.callers["crm"].key, model="echo", prompt=PROMPT)
    assert "error" not in told, told
    if scenario == "completion":
        restored(told["text"])
    else:
        assert told["numbers"] > 0
    assert not any(value in product.requests()[-1]["body"].decode() for value in VALUES)


def test_endpoints_refused_on_purpose_say_what_to_do_instead(product: Product) -> None:
    client = openai_client(product)
    for call, words in (
        (client.files.list, "send their content inline"),
        (lambda: client.files.create(file=b"x", purpose="assistants"), "send their content inline"),
        (lambda: client.vector_stores.create(name="x"), "keep them yourself"),
        (
            lambda: client.batches.create(input_file_id="f", endpoint="/v1/responses", completion_window="24h"),
            "one by one",
        ),
        (client.conversations.create, "previous_response_id"),
        (client.fine_tuning.jobs.list, "cannot be taken back"),
        (lambda: client.responses.retrieve("resp_1"), "from the call itself"),
    ):
        with pytest.raises(openai.NotFoundError, match=words) as refused:
            call()
        assert refused.value.code == "lexgate_not_found"
