"""Films as jobs, through the official SDK: made, asked for, fetched with their marks, and seen by nobody else."""

from __future__ import annotations

import io
import json

import av
import httpx
import openai
import pytest
from PIL import Image

from tests.e2e.product import Product
from tests.e2e.test_sdks import openai_client
from tests.providers import pictures
from watermark.manifest import read_manifest

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

PROMPT = "Maria Schneider rides a horse, phone +49 151 23456789"


def test_a_film_is_made_asked_for_fetched_marked_and_deleted(product: Product) -> None:
    client = openai_client(product, "site")
    before = len(product.requests())
    raw = client.videos.with_raw_response.create(model="home/echo", prompt=PROMPT, seconds="4")
    made, job = raw.headers["lexgate-flow"], raw.parse()
    assert (job.status, job.prompt) == ("queued", PROMPT)
    assert [client.videos.retrieve(job.id).status for _ in range(2)] == ["in_progress", "completed"]
    fetched = client.videos.with_raw_response.download_content(job.id)
    data = fetched.content
    evidence = read_manifest(data, "video/mp4", (product.folder / "keys" / "content-root.pem").read_bytes())
    assert (evidence.integrity, evidence.trusted, evidence.synthetic) == ("valid", True, True)
    with av.open(io.BytesIO(data)) as container:
        assert sum(1 for _ in container.decode(video=0)) >= 36
    record = product.record(fetched.headers["lexgate-flow"])
    (output,) = record["pub"]["outputs"]
    assert output["media_type"] == "video/mp4"
    assert {"explicit", "c2pa"} <= set(output["carries"])
    assert made in record["pub"]["parents"]
    thumbnail = client.videos.download_content(job.id, variant="thumbnail").content
    assert Image.open(io.BytesIO(thumbnail)).format == "WEBP"
    assert read_manifest(thumbnail, "image/webp").integrity == "valid"
    assert client.videos.delete(job.id).deleted
    sent = product.requests()[before:]
    assert [request["method"] for request in sent] == ["POST", "GET", "GET", "GET", "GET", "DELETE"]
    flows = httpx.get(f"{product.control_url}/api/records?limit=50", headers=product.officer).json()["records"]
    mine = [flow for flow in flows if flow["pub"]["protocol"].startswith("openai_video")]
    assert len(mine) == len(sent)  # every request upstream has its record
    assert all(flow["intents"] for flow in mine)


def test_a_prompt_is_redacted_abroad_and_restored_in_each_answer(product: Product) -> None:
    client = openai_client(product)
    job = client.videos.create(model="sora-2", prompt=PROMPT)
    assert b"Maria" not in product.requests()[-1]["body"]
    assert job.prompt == PROMPT
    assert client.videos.retrieve(job.id).prompt == PROMPT


def test_a_job_is_nobody_elses(product: Product) -> None:
    job = openai_client(product).videos.create(model="home/echo", prompt="a fox")
    before = len(product.requests())
    for caller in ("other", "site"):
        client = openai_client(product, caller)
        said = []
        for identifier in (job.id, "video_none"):
            for ask in (client.videos.retrieve, client.videos.download_content, client.videos.delete):
                with pytest.raises(openai.NotFoundError) as refused:
                    ask(identifier)
                error = json.loads(refused.value.response.content)["error"]
                said.append(error["message"])
        assert len(set(said)) == 1
    assert len(product.requests()) == before


def test_lists_and_other_doings_are_refused(product: Product) -> None:
    client = openai_client(product)
    job = client.videos.create(model="home/echo", prompt="a fox")
    before = len(product.requests())
    with pytest.raises(openai.APIStatusError) as refused:
        client.videos.list()
    assert refused.value.status_code == 405
    with pytest.raises(openai.NotFoundError, match="jobs of your own"):
        client.videos.remix(job.id, prompt="another")
    with pytest.raises(openai.BadRequestError, match="input_reference"):
        client.post("/videos", body={"prompt": "a"}, files={"other": b"x"}, cast_to=object,
                    options={"headers": {"Content-Type": "multipart/form-data"}})  # fmt: skip
    with pytest.raises(openai.PermissionDeniedError):  # a picture that nobody here can read does not cross a border
        client.videos.create(model="sora-2", prompt="a", input_reference=("a.png", pictures.picture("a", "echo")))
    assert len(product.requests()) == before
