"""Films as jobs, through the official SDK: made, asked for, fetched with their marks, and seen by nobody else."""

from __future__ import annotations

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import httpx
import openai
import psutil
import pytest
from PIL import Image

from tests.e2e.product import Product, running
from tests.e2e.test_sdks import openai_client
from tests.providers import pictures
from watermark.manifest import read_manifest

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

PROMPT = "Maria Schneider rides a horse, phone +49 151 23456789"


MADE = "/v1/videos"


def asked(product: Product, job: str, caller: str = "site") -> dict[str, Any]:
    """What is said of a job, as bytes say it."""
    answer = httpx.get(f"{product.url}{MADE}/{job}", headers=product.headers(caller), timeout=90)
    assert answer.status_code == 200, answer.text
    return {"raw": answer.content, "flow": answer.headers["lexgate-flow"], **answer.json()}


def content(product: Product, job: str, caller: str = "site", seconds: float = 90) -> httpx.Response:
    return httpx.get(f"{product.url}{MADE}/{job}/content", headers=product.headers(caller), timeout=seconds)


def until(product: Product, job: str, status: str) -> dict[str, Any]:
    """Asks for a job until it has this status."""
    ends = time.monotonic() + 90
    while time.monotonic() < ends:
        said = asked(product, job)
        if said["status"] == status:
            return said
        time.sleep(0.1)
    raise AssertionError(f"the job is not {status}: {said}")


def made(product: Product, model: str = "home/echo", prompt: str = "a fox") -> str:
    """A job whose film the provider has ready when it is asked next."""
    job = openai_client(product, "site").videos.create(model=model, prompt=prompt).id
    assert asked(product, job)["status"] == "in_progress"
    return str(job)


def fetched_from_provider(product: Product, job: str) -> int:
    return sum(request["path"] == f"{MADE}/{job}/content" for request in product.requests())


def film_marker(product: Product) -> psutil.Process:
    found = psutil.Process(product.gateway.pid).children(recursive=True)
    return next(each for each in found if "marking-films" in " ".join(each.cmdline()))


def test_a_film_is_made_asked_for_fetched_marked_and_deleted(product: Product) -> None:
    client = openai_client(product, "site")
    before = len(product.requests())
    raw = client.videos.with_raw_response.create(model="home/echo", prompt=PROMPT, seconds="4")
    first, job = raw.headers["lexgate-flow"], raw.parse()
    assert (job.status, job.prompt) == ("queued", PROMPT)
    said = [client.videos.retrieve(job.id).status for _ in range(2)]
    assert said == ["in_progress", "in_progress"]  # the provider says completed the second time: without marks
    assert client.videos.poll(job.id).status == "completed"
    fetched = client.videos.with_raw_response.download_content(job.id)
    data = fetched.content
    evidence = read_manifest(data, "video/mp4", (product.folder / "keys" / "content-root.pem").read_bytes())
    assert (evidence.integrity, evidence.trusted, evidence.synthetic) == ("valid", True, True)
    with av.open(io.BytesIO(data)) as container:
        assert sum(1 for _ in container.decode(video=0)) >= 36
    served = product.record(fetched.headers["lexgate-flow"])
    assert (served["intents"], served["pub"]["outputs"], served["pub"]["film"]["state"]) == ([], [], "ready")
    record = product.record(served["pub"]["film"]["flow"])
    assert record["pub"]["protocol"] == "openai_video_content"
    (output,) = record["pub"]["outputs"]
    assert (output["media_type"], output["bytes"]) == ("video/mp4", len(data))
    assert {"explicit", "c2pa"} <= set(output["carries"]) <= set(served["pub"]["labels"])
    assert first in record["pub"]["parents"]
    assert record["flow"].encode() in data
    assert client.videos.download_content(job.id).content == data  # the same one: it is marked once
    (product.folder / "film.mp4").write_bytes(data)
    verified = json.loads(product.lexgate("content", "verify", "film.mp4", "--json").stdout)
    assert (verified["verdict"], verified["flow"]) == ("confirmed", record["flow"])
    thumbnail = client.videos.download_content(job.id, variant="thumbnail").content
    assert Image.open(io.BytesIO(thumbnail)).format == "WEBP"
    assert read_manifest(thumbnail, "image/webp").integrity == "valid"
    assert client.videos.delete(job.id).deleted
    sent = product.requests()[before:]
    assert fetched_from_provider(product, job.id) == 1
    flows = httpx.get(f"{product.control_url}/api/records?limit=100", headers=product.officer).json()["records"]
    mine = [flow for flow in flows if flow["pub"]["protocol"].startswith("openai_video")]
    assert sum(len(flow["intents"]) for flow in mine) == len(sent)  # every request upstream has its record
    assert product.lexgate("audit", "verify").returncode == 0


def test_of_a_job_whose_film_is_not_marked_yet_its_state_alone_is_changed(product: Product) -> None:
    job = made(product)
    early = asked(product, job)
    assert (early["status"], early["completed_at"]) == ("in_progress", None)
    assert product.record(early["flow"])["pub"]["film"] == {"state": "marking"}
    done = until(product, job, "completed")
    changed = done["raw"].replace(b'"status":"completed"', b'"status":"in_progress"')
    assert changed.replace(b'"completed_at":1790000060', b'"completed_at":null') == early["raw"]
    assert product.record(done["flow"])["pub"]["film"]["state"] == "ready"
    digests = product.record(done["flow"])["digest"]
    assert digests["response"] == digests["delivered"]


def test_for_our_own_people_a_job_and_its_film_are_as_the_provider_says(product: Product) -> None:
    client = openai_client(product)
    job = client.videos.create(model="home/echo", prompt="a fox")
    assert [client.videos.retrieve(job.id).status for _ in range(2)] == ["in_progress", "completed"]
    assert read_manifest(client.videos.download_content(job.id).content, "video/mp4").integrity == "absent"


def test_a_film_that_cannot_be_marked_makes_its_job_failed_and_says_why(product: Product) -> None:
    job = made(product, "home/avi")
    said = until(product, job, "failed")
    assert said["error"]["code"] == "lexgate_denied"
    assert "cannot carry the marks" in said["error"]["message"]
    assert said["completed_at"] is None
    film = product.record(said["flow"])["pub"]["film"]
    assert film["state"] == "failed"
    assert product.record(film["flow"], "denied")["pub"]["rule"] == "lexgate.label.unsupported"
    refused = content(product, job)
    assert (refused.status_code, refused.json()["error"]["lexgate"]["rule"]) == (403, "lexgate.label.unsupported")
    assert b"AVI LIST" not in refused.content


def test_content_that_is_asked_for_at_once_is_waited_for_and_marked_once(product: Product) -> None:
    job = openai_client(product, "site").videos.create(model="home/echo", prompt="a hare").id
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: content(product, job), range(3)))
    assert len({answer.content for answer in answers}) == 1
    assert read_manifest(answers[0].content, "video/mp4").integrity == "valid"
    assert fetched_from_provider(product, job) == 1
    assert [asked(product, job)["status"] for _ in range(2)] == ["in_progress", "completed"]  # as the provider says


def test_what_the_provider_says_to_a_film_that_is_not_there_is_passed_on(product: Product) -> None:
    job = openai_client(product, "site").videos.create(model="home/unready", prompt="a hare").id
    for _ in range(2):
        answer = content(product, job)
        assert (answer.status_code, answer.json()["error"]["message"]) == (404, "canned: not made yet")
    assert fetched_from_provider(product, job) == 2  # that it is not there is not kept


def test_a_caller_that_leaves_loses_nothing(product: Product) -> None:
    job, worker = made(product, prompt="a stag"), film_marker(product)
    worker.suspend()
    try:
        with pytest.raises(httpx.ReadTimeout):
            content(product, job, seconds=2)
    finally:
        worker.resume()
    until(product, job, "completed")
    assert read_manifest(content(product, job).content, "video/mp4").integrity == "valid"
    assert fetched_from_provider(product, job) == 1


def test_a_worker_that_is_killed_over_a_film_is_replaced_and_the_film_marked_after_all(product: Product) -> None:
    job, worker = made(product, prompt="an elk"), film_marker(product)
    worker.suspend()
    assert asked(product, job)["status"] == "in_progress"
    while not fetched_from_provider(product, job):
        time.sleep(0.05)
    time.sleep(0.5)  # by then the job is handed over, as likely as not: either way it is marked in the end
    worker.kill()
    until(product, job, "completed")
    assert read_manifest(content(product, job).content, "video/mp4").integrity == "valid"


def test_of_a_deleted_job_nothing_is_kept(product: Product) -> None:
    job = made(product, prompt="a doe")
    until(product, job, "completed")
    assert content(product, job).status_code == 200
    kept = {path.name for path in (product.folder / "content").iterdir()}
    assert openai_client(product, "site").videos.delete(job).deleted
    assert len(kept - {path.name for path in (product.folder / "content").iterdir()}) == 1
    assert read_manifest(content(product, job).content, "video/mp4").integrity == "valid"  # this provider has it still
    assert fetched_from_provider(product, job) == 2


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


def test_two_data_workers_mark_a_film_once_between_them_and_a_stop_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    with running(tmp_path, workers=2, timeouts={"drain": 2.0}) as product:  # a suspended worker is waited for in vain
        job = openai_client(product, "site").videos.create(model="home/echo", prompt="a fox").id
        worker = film_marker(product)
        worker.suspend()
        with ThreadPoolExecutor(8) as pool:
            said = list(pool.map(lambda _: asked(product, job)["status"], range(16)))
        assert set(said) == {"in_progress"}
        assert fetched_from_provider(product, job) == 1
        worker.resume()
        until(product, job, "completed")
        with ThreadPoolExecutor(8) as pool:
            assert len({answer.content for answer in pool.map(lambda _: content(product, job), range(8))}) == 1
        assert fetched_from_provider(product, job) == 1
        other = made(product, prompt="a wolf")
        film_marker(product).suspend()
        assert asked(product, other)["status"] == "in_progress"
        while not fetched_from_provider(product, other):
            time.sleep(0.05)
        product.stop()
        product.start()
        until(product, other, "completed")
        assert read_manifest(content(product, other).content, "video/mp4").integrity == "valid"
        flows = httpx.get(f"{product.control_url}/api/records?limit=200", headers=product.officer).json()["records"]
        assert all(flow["status"] != "open" for flow in flows)
        assert sum(len(flow["intents"]) for flow in flows) == len(product.requests())
        assert product.lexgate("audit", "verify").returncode == 0
