"""Pictures and recordings through the official SDKs: what the profile demands is on each, and nothing goes on without."""

from __future__ import annotations

import base64
import io
import json
import threading
from pathlib import Path
from typing import Any

import httpx
import openai
import psutil
import pytest
from google import genai
from PIL import Image

from tests.e2e.product import Product, running
from tests.e2e.test_sdks import openai_client
from tests.providers import pictures
from watermark.manifest import read_manifest

pytestmark = pytest.mark.e2e

PROMPT = "a red fox in the snow"
NAMED = "Maria Schneider on a horse, phone +49 151 23456789"


def site(product: Product) -> openai.OpenAI:
    """The public application: what it gets carries the marks of the EU's profile."""
    return openai_client(product, "site")


def marked(data: bytes, flow: str, index: int = 0) -> None:
    """A picture that says which call made it, by the words of a program that shares no code with ours."""
    Image.open(io.BytesIO(data)).load()
    assert f"{flow}-{index}".encode() in data


def saved(product: Product, data: bytes) -> Path:
    path = product.folder / "picture.png"
    path.write_bytes(data)
    return path


def outputs(product: Product, flow: str) -> list[dict[str, Any]]:
    return list(product.record(flow)["pub"]["outputs"])


# Images


def test_a_picture_in_base64_is_marked_and_recorded(product: Product) -> None:
    raw = site(product).images.with_raw_response.generate(model="home/echo", prompt=PROMPT)
    flow, answer = raw.headers["lexgate-flow"], raw.parse()
    data = base64.b64decode(answer.data[0].b64_json)
    assert data != pictures.picture(PROMPT, "home/echo")
    marked(data, flow)
    (output,) = outputs(product, flow)
    assert output["media_type"] == "image/png"
    assert output["bytes"] == len(data)
    assert output["produce_id"] == f"{flow}-0"
    assert "c2pa" in output["carries"]
    record = product.record(flow)
    assert record["pub"]["marking"]["profile"] == "eu"
    assert set(record["digest"]) >= {"received", "forwarded", "response", "delivered", "outputs"}
    assert record["pub"]["labels"] == output["carries"]
    assert (record["meter"]["reported"]["output"], record["meter"]["discrepancy"]) == (272, False)
    shown = product.lexgate("audit", "show", flow).stdout
    assert f"labels    {', '.join(output['carries'])}\n" in shown
    assert f"output    {flow}-0, image/png, {len(data)} bytes: carries explicit" in shown
    assert "the two disagree" not in shown
    verified = product.lexgate("content", "verify", str(saved(product, data)), "--json")
    assert json.loads(verified.stdout)["verdict"] == "confirmed", verified.stdout + verified.stderr
    assert flow in verified.stdout


def test_a_picture_for_our_own_people_comes_as_it_was_made(product: Product) -> None:
    raw = openai_client(product).images.with_raw_response.generate(model="home/echo", prompt=PROMPT)
    assert base64.b64decode(raw.parse().data[0].b64_json) == pictures.picture(PROMPT, "home/echo")
    assert "outputs" not in product.record(raw.headers["lexgate-flow"])["pub"]


def test_a_prompt_is_redacted_abroad_and_restored(product: Product) -> None:
    answer = openai_client(product).images.generate(model="echo", prompt=NAMED)
    sent = json.loads(product.requests()[-1]["body"])["prompt"]
    assert "Maria" not in sent
    assert "23456789" not in sent
    assert answer.data[0].revised_prompt == f"A picture: {NAMED}"


def test_a_link_of_the_provider_becomes_one_of_ours(product: Product) -> None:
    raw = site(product).images.with_raw_response.generate(
        model="home/echo/rows-2", prompt=PROMPT, response_format="url"
    )
    flow, answer = raw.headers["lexgate-flow"], raw.parse()
    for index, row in enumerate(answer.data):
        assert row.url.startswith(f"{product.url}/v1/content/")
        fetched = httpx.get(row.url)
        assert fetched.headers["content-type"] == "image/png"
        assert fetched.headers["cache-control"] == "private, no-store"
        marked(fetched.content, flow, index)
    assert [output["fetched_from"] for output in outputs(product, flow)] == [["127.0.0.1"]] * 2


def test_a_link_opens_nothing_for_another_tenant_or_when_changed(product: Product) -> None:
    url = site(product).images.generate(model="home/echo", prompt=PROMPT, response_format="url").data[0].url
    assert httpx.get(url, headers=product.headers("crm")).status_code == 200  # the same tenant
    changed = url[:-2] + ("x" if url[-2] != "x" else "y") + url[-1]
    unused = url[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[url[-1]]  # other bits than those that say something
    refused = [httpx.get(each) for each in (changed, unused, f"{url}x", f"{url}!", f"{url}==")]
    refused.append(httpx.get(url, headers=product.headers("other")))
    refused.append(httpx.get(f"{product.url}/v1/content/x"))
    refused.append(httpx.get(url, headers={"Authorization": "Bearer nobody"}))
    assert {answer.status_code for answer in refused} == {404}
    assert len({answer.content for answer in refused}) == 1


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/latest", "https://evil.example/a.png", "file:///etc/passwd", "http://localhost/a"],
)
def test_a_link_into_our_network_is_not_followed(product: Product, target: str) -> None:
    word = base64.urlsafe_b64encode(target.encode()).decode().rstrip("=")
    with pytest.raises(openai.APIStatusError, match="content_hosts") as refused:
        site(product).images.generate(model=f"home/link:{word}", prompt=PROMPT)
    assert refused.value.status_code == 502
    assert target not in refused.value.response.text
    product.record(refused.value.response.headers["lexgate-flow"], "failed")


def test_drafts_and_the_picture_of_a_stream_are_marked_each(product: Product) -> None:
    stream = site(product).images.generate(model="home/echo/drafts-2", prompt=PROMPT, stream=True, partial_images=2)
    flow = stream.response.headers["lexgate-flow"]
    events = list(stream)
    assert [event.type.partition(".")[2] for event in events] == ["partial_image", "partial_image", "completed"]
    for index, event in enumerate(events):
        marked(base64.b64decode(event.b64_json), flow, index)
    assert len(outputs(product, flow)) == 3


def test_edits_and_variations(product: Product) -> None:
    client, picture = site(product), ("mine.png", pictures.picture("mine", "echo"), "image/png")
    raw = client.images.with_raw_response.edit(model="home/echo", image=picture, prompt=PROMPT)
    marked(base64.b64decode(raw.parse().data[0].b64_json), raw.headers["lexgate-flow"])
    record = product.record(raw.headers["lexgate-flow"])
    assert (record["pub"]["protocol"], record["pub"]["uninspected"]) == ("openai_image_edits", ["image"])
    several = client.images.edit(model="home/echo", image=[picture, picture], prompt=PROMPT, stream=True)
    assert [event.type for event in several] == ["image_edit.partial_image", "image_edit.completed"]
    assert client.images.create_variation(model="home/echo", image=picture).data[0].b64_json
    with pytest.raises(openai.PermissionDeniedError):  # a picture that nobody here can read does not cross a border
        client.images.edit(model="gpt-image-1", image=picture, prompt=PROMPT)


def test_an_edit_in_json(product: Product) -> None:
    """The newer form of the API: pictures as data URLs go along, what is only linked to does not cross a border."""
    data_url = "data:image/png;base64," + base64.b64encode(pictures.picture("mine", "echo")).decode()
    body = {"model": "home/echo", "prompt": NAMED, "images": [{"image_url": data_url}]}
    address, headers = f"{product.url}/v1/images/edits", product.headers("site")
    answer = httpx.post(address, headers=headers, json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    data = base64.b64decode(answer.json()["data"][0]["b64_json"])
    marked(data, answer.headers["lexgate-flow"])
    assert read_manifest(data, "image/png").ingredients == 1
    sent = product.requests()[-1]
    assert json.loads(sent["body"])["images"] == body["images"]
    before = len(product.requests())
    abroad = body | {"model": "gpt-image-1.5", "images": [{"image_url": "https://pictures.example/a.png"}]}
    assert httpx.post(address, headers=headers, json=abroad).status_code == 403
    text = headers | {"Content-Type": "text/plain"}
    assert httpx.post(address, headers=text, content=json.dumps(body)).status_code == 415
    assert len(product.requests()) == before


def test_where_a_picture_came_from_is_kept_in_what_is_made_of_it(product: Product) -> None:
    """A marked picture goes in again: its manifest is an ingredient of the new one, and the record says so."""
    client = site(product)
    made = base64.b64decode(client.images.generate(model="home/echo", prompt=PROMPT).data[0].b64_json)
    given = [("made.png", made, "image/png"), ("plain.png", pictures.picture("plain", "echo"), "image/png")]
    raw = client.images.with_raw_response.edit(model="home/echo", image=given, prompt=PROMPT)
    evidence = read_manifest(base64.b64decode(raw.parse().data[0].b64_json), "image/png")
    assert (evidence.integrity, evidence.ingredients) == ("valid", 2)
    record = product.record(raw.headers["lexgate-flow"])
    assert [row["c2pa"] for row in record["pub"]["ingredients"]] == ["valid", "absent"]
    assert record["facts"]["request"]["provenance"] == ["c2pa"]  # what a rule could have decided by
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + base64.b64encode(made).decode()}}
    message = {"role": "user", "content": [{"type": "text", "text": PROMPT}, image]}
    answer = product.chat("", "home/picture", "site", messages=[message])
    assert read_manifest(data_urls(answer.text)[0], "image/png").ingredients == 1


# Speech


def test_a_recording_is_marked_whole(product: Product) -> None:
    raw = site(product).audio.speech.with_raw_response.create(
        model="home/echo", voice="alloy", input="Hello there", response_format="wav"
    )
    data = raw.content
    assert data[:4] == b"RIFF"
    assert data != pictures.speech("Hello there", "wav")[0]
    (output,) = outputs(product, raw.headers["lexgate-flow"])
    assert (output["media_type"], output["bytes"]) == ("audio/wav", len(data))
    record = product.record(raw.headers["lexgate-flow"])
    assert record["pub"]["labels"] == output["carries"] == ["explicit", "invisible", "c2pa"]
    assert record["meter"]["price"] is None
    own = openai_client(product).audio.speech.create(
        model="home/echo", voice="a", input="Hello there", response_format="wav"
    )
    assert own.content == pictures.speech("Hello there", "wav")[0]


def test_samples_without_a_file_around_them_cannot_be_marked_and_events_are_refused(product: Product) -> None:
    client = site(product)
    with pytest.raises(openai.BadRequestError, match="whole"):
        client.audio.speech.create(model="home/echo", voice="a", input="Hello", extra_body={"stream_format": "sse"})


# Pictures inside of other answers


def data_urls(text: str) -> list[bytes]:
    return [base64.b64decode(piece.partition('"')[0]) for piece in text.split("data:image/png;base64,")[1:]]


def chat(product: Product, *, stream: bool, caller: str = "site") -> httpx.Response:
    return product.chat(PROMPT, "home/picture", caller, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
def test_a_picture_in_a_chat_answer(product: Product, stream: bool) -> None:
    answer = chat(product, stream=stream)
    assert answer.status_code == 200, answer.text
    (data,) = data_urls(answer.text)
    marked(data, answer.headers["lexgate-flow"], 1)  # the text is output 0
    assert stream or pictures.CAPTION in answer.text
    assert "AI-generated" in answer.text  # the text's own label
    labels = product.record(answer.headers["lexgate-flow"])["pub"]["labels"]
    assert labels == ["fingerprint", "explicit_text", "explicit", "invisible", "c2pa"]
    assert data_urls(chat(product, stream=stream, caller="crm").text) == [pictures.picture(PROMPT, "home/picture")]


def test_a_picture_of_a_response_says_the_same_wherever_it_stands(product: Product) -> None:
    raw = site(product).responses.with_raw_response.create(model="home/picture", input=PROMPT)
    marked(base64.b64decode(raw.parse().output[0].result), raw.headers["lexgate-flow"], 1)
    stream = site(product).responses.create(model="home/picture", input=PROMPT, stream=True)
    flow = stream.response.headers["lexgate-flow"]
    events = {event.type: event for event in stream}
    draft = events["response.image_generation_call.partial_image"].partial_image_b64
    marked(base64.b64decode(draft), flow, 1)
    done = events["response.output_item.done"].item.result
    marked(base64.b64decode(done), flow, 2)
    assert events["response.completed"].response.output[0].result == done
    assert len(outputs(product, flow)) == 2


@pytest.mark.parametrize("how", ["generate_content", "generate_content_stream"])
def test_a_picture_of_gemini(product: Product, how: str) -> None:
    options = genai.types.HttpOptions(base_url=product.url)
    client = genai.Client(api_key=product.callers["site"].key, http_options=options)
    answer = getattr(client.models, how)(model="home/picture", contents=PROMPT)
    parts = [
        part
        for chunk in (answer if how.endswith("stream") else [answer])
        for part in chunk.candidates[0].content.parts
        if part.inline_data is not None
    ]
    assert len(parts) == 1
    Image.open(io.BytesIO(parts[0].inline_data.data)).load()
    assert parts[0].inline_data.data != pictures.picture(PROMPT, "home/picture")


def test_a_picture_in_a_stream_that_is_one_array(product: Product) -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]}
    key = {"x-goog-api-key": product.callers["site"].key, "content-type": "application/json"}
    answer = httpx.post(f"{product.url}/v1beta/models/home/picture:streamGenerateContent", headers=key, json=body)  # fmt: skip
    parts = [part for chunk in answer.json() for part in chunk["candidates"][0]["content"]["parts"]]
    (data,) = [base64.b64decode(part["inlineData"]["data"]) for part in parts if "inlineData" in part]
    marked(data, answer.headers["lexgate-flow"], 1)


# What is hostile, or fails


@pytest.mark.parametrize("word", ["broken", "bomb", "odd"])
def test_what_cannot_be_marked_is_not_delivered(product: Product, word: str) -> None:
    for stream in (False, True):
        body = {"model": f"home/{word}", "prompt": PROMPT, "stream": stream}
        answer = httpx.post(f"{product.url}/v1/images/generations", headers=product.headers("site"), json=body)
        assert '"lexgate_' in answer.text
        assert "b64_json" not in answer.text
        assert product.record(answer.headers["lexgate-flow"], "denied" if word == "odd" and not stream else "failed")
    assert site(product).images.generate(model="home/echo", prompt=PROMPT).data


def test_a_picture_in_a_text_is_marked_whole_and_refused_in_pieces(product: Product) -> None:
    code = base64.b64encode(pictures.picture("cut", "echo")).decode()
    text = f"See: ![]( DATA:image/png;charset=x; BASE64,{code}) there."
    answer = product.chat(text, "home/echo", "site")
    said = answer.json()["choices"][0]["message"]["content"]
    marked(base64.b64decode(said.partition("BASE64,")[2].partition(")")[0]), answer.headers["lexgate-flow"], 1)
    for size, status in ((7, "denied"), (900, "failed")):  # 900: the first piece looks whole, and is no picture
        answer = product.chat(text, f"home/echo/size-{size}", "site", stream=True)
        assert '"lexgate_' in answer.text
        said = "".join(piece.partition('"')[0] for piece in answer.text.split('"content":"')[1:])
        assert len(said.partition("BASE64,")[2]) < 512
        assert product.record(answer.headers["lexgate-flow"], status)


@pytest.mark.parametrize("stream", [False, True])
def test_a_picture_beside_an_error_is_marked_like_any_other(product: Product, stream: bool) -> None:
    body = {"model": "home/wrong/drafts-0", "prompt": PROMPT, "stream": stream}
    answer = httpx.post(f"{product.url}/v1/images/generations", headers=product.headers("site"), json=body)
    assert "canned error" in answer.text
    (data,) = [base64.b64decode(piece.partition('"')[0]) for piece in answer.text.split('"b64_json":"')[1:]]
    marked(data, answer.headers["lexgate-flow"])


def test_the_whole_text_of_a_recording_is_no_document(product: Product) -> None:
    file = ("call.wav", b'RIFF a "url": of image_url words', "audio/wav")
    for words in ('the key "url" holds it', "data:image/png;base64,"):
        answer = site(product).audio.transcriptions.create(
            model="home/echo", file=file, prompt=words, response_format="text"
        )
        assert answer


def markers(product: Product) -> list[psutil.Process]:
    children = psutil.Process(product.gateway.pid).children()
    return [child for child in children if "marking-0" in child.cmdline()]


def test_a_killed_worker_costs_its_call_and_no_other(product: Product) -> None:
    (worker,) = markers(product)
    worker.suspend()  # it takes the job and is gone before it is done
    with httpx.Client(timeout=60) as client:
        body = {"model": "home/echo", "prompt": PROMPT}
        headers = product.headers("site")
        threading.Timer(0.7, worker.kill).start()
        answer = client.post(f"{product.url}/v1/images/generations", headers=headers, json=body)
    assert answer.status_code in {200, 503}  # it may have waited for the worker that came after
    if answer.status_code == 503:
        assert "b64_json" not in answer.text
        product.record(answer.headers["lexgate-flow"], "failed")
    else:
        marked(base64.b64decode(answer.json()["data"][0]["b64_json"]), answer.headers["lexgate-flow"])
    assert site(product).images.generate(model="home/echo", prompt=PROMPT).data
    assert markers(product)[0].pid != worker.pid


def test_without_marking_workers_media_are_refused_and_texts_go_on(tmp_path: Path) -> None:
    with running(tmp_path, marking={"processes": 0}) as product:
        with pytest.raises(openai.APIStatusError, match="cannot be marked here") as refused:
            site(product).images.generate(model="home/echo", prompt=PROMPT)
        assert refused.value.status_code == 503
        assert product.requests() == []
        assert product.chat("hello", "home/echo", "site").status_code == 200
        assert chat(product, stream=False).status_code == 503
