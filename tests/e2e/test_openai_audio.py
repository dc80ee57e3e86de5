"""Transcriptions and translations through the official SDKs: the recording stays at home, its transcript is guarded."""

from __future__ import annotations

import openai
import pytest

from tests.e2e.node import client as node
from tests.e2e.product import Product
from tests.e2e.test_sdks import openai_client
from tests.providers.audio import RECORDING, form_of

pytestmark = pytest.mark.e2e

WORDS = "Hello, Maria Schneider calls about her contract."
FILE = ("call.wav", RECORDING + WORDS.encode())
SECRET = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"


def test_a_recording_is_carried_byte_for_byte_to_a_provider_at_home(product: Product) -> None:
    answer = openai_client(product).audio.transcriptions.create(model="home/echo", file=FILE, prompt="A call.")
    assert answer.text == f"A call. {WORDS}"
    sent = product.requests()[-1]
    header = next(value for name, value in sent["headers"] if name.lower() == "content-type")
    form = form_of(header, sent["body"])
    assert (form["file"], form["prompt"], form["model"]) == (FILE[1], b"A call.", b"home/echo")


@pytest.mark.parametrize("kind", ["text", "srt", "vtt", "verbose_json"])
def test_every_format(product: Product, kind: str) -> None:
    answer = openai_client(product).audio.transcriptions.create(model="home/echo", file=FILE, response_format=kind)
    assert WORDS in (answer if isinstance(answer, str) else answer.text)


def test_a_streamed_transcript(product: Product) -> None:
    stream = openai_client(product).audio.transcriptions.create(model="home/echo/size-3", file=FILE, stream=True)
    events = list(stream)
    assert "".join(event.delta for event in events if event.type == "transcript.text.delta") == WORDS
    assert (events[-1].type, events[-1].text) == ("transcript.text.done", WORDS)


def test_a_translation(product: Product) -> None:
    assert openai_client(product).audio.translations.create(model="home/echo", file=FILE).text == WORDS


def test_a_transcript_that_holds_a_secret_ends_there(product: Product) -> None:
    file = ("call.wav", RECORDING + f"The key is {SECRET}, did you write it down?".encode())
    client = openai_client(product)
    assert client.audio.transcriptions.create(model="home/echo", file=file).text == "The key is "
    assert (
        client.audio.transcriptions.create(model="home/echo", file=file, response_format="text").strip() == "The key is"
    )
    events = list(client.audio.transcriptions.create(model="home/echo", file=file, stream=True))
    assert events[-1].text == "The key is "


def test_the_record_says_what_nobody_read_and_what_was_said(product: Product) -> None:
    raw = openai_client(product).audio.transcriptions.with_raw_response.create(model="home/echo", file=FILE)
    record = product.record(raw.headers["lexgate-flow"])
    assert (record["pub"]["protocol"], record["pub"]["uninspected"]) == ("openai_transcriptions", ["audio"])
    assert record["meter"]["reported"]["input"] == 23
    assert not record["meter"]["discrepancy"]


def test_recordings_do_not_cross_a_border_and_other_bodies_are_refused(product: Product) -> None:
    client = openai_client(product)
    before = len(product.requests())
    with pytest.raises(openai.PermissionDeniedError):
        client.audio.transcriptions.create(model="whisper-1", file=FILE)
    with pytest.raises(openai.BadRequestError, match="response_format"):
        client.audio.transcriptions.create(model="home/echo", file=FILE, response_format="docx")
    with pytest.raises(openai.APIStatusError) as refused:
        client.post("/audio/transcriptions", body={"model": "home/echo"}, cast_to=object)
    assert refused.value.status_code == 415
    assert len(product.requests()) == before


@pytest.mark.skipif(bool(node.MISSING), reason=node.MISSING)
def test_the_node_sdk(product: Product) -> None:
    key = product.callers["crm"].key
    told = node.tell("openai", "transcription", url=product.url, key=key, model="home/echo", prompt=WORDS)
    assert told["text"] == WORDS
