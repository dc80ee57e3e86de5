"""`lexgate content` as its users call it: files marked, recorded and found again; what cannot be marked is told."""

from __future__ import annotations

import asyncio
import io
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from gateway.commands.audit import audit
from gateway.commands.content import content
from tests.audit.conftest import lab as lab
from tests.audit.lab import ORIGIN, Lab
from tests.gateway.content.made import picture, words
from watermark.aigc import read_aigc


@pytest.fixture
def config(lab: Lab) -> Path:
    """A configuration for the running log of the lab."""
    file = lab.folder / "lexgate.yaml"
    file.write_text(
        f"store: sqlite:///{lab.store}\nkeys: {{file: {lab.keys}}}\norigin: {ORIGIN}\nrun_dir: {lab.folder}\n"
        "labels: {producer_code: '001191310'}\norganisation: {name: Example AG, country: CN}\n"
        "applications:\n- {name: site, tenant: acme, audience: public}\n- {name: shop, tenant: globex}\n"
        "marking: {seconds: 20}\n"
    )
    return file


async def run(config: Path, *arguments: str, command=content, stdin: bytes | None = None) -> Result:
    given = [*arguments, "--config", str(config)]
    return await asyncio.to_thread(CliRunner().invoke, command, given, input=stdin)


def files(lab: Lab) -> tuple[Path, Path]:
    folder = lab.folder / "in"
    folder.mkdir()
    (folder / "poster.png").write_bytes(picture(1, 512))
    (folder / "news.txt").write_text(words(1))
    return folder / "poster.png", folder / "news.txt"


async def test_a_batch_is_marked_recorded_and_confirmed(lab: Lab, config: Path) -> None:
    poster, news = files(lab)
    out = lab.folder / "out"
    result = await run(config, "mark", str(poster), str(news), "-o", str(out), "--json", "--add", "c2pa")
    assert result.exit_code == 0, result.output
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert told[0]["carries"] == ["explicit", "invisible", "aigc", "c2pa"]
    assert told[1]["carries"] == ["explicit", "c2pa"]
    assert "人工智能生成" in (out / "news.txt").read_text()
    (label,) = read_aigc((out / "poster.png").read_bytes(), "image/png")
    assert (label.content_producer, label.produce_id) == ("001191310", f"{told[0]['flow']}-0")

    for row, name in zip(told, ("poster.png", "news.txt"), strict=True):
        found = await run(config, "verify", str(out / name), "--json")
        document = json.loads(found.stdout)
        assert (document["verdict"], document["flow"]) == ("confirmed", row["flow"])
        assert found.exit_code == 0
    shown = await run(config, "show", told[0]["flow"], command=audit)
    assert "had content that was made elsewhere marked by profile cn" in shown.stdout
    assert "explicit, invisible, aigc, c2pa" in shown.stdout
    excerpt = " ".join(words(1).split()[20:90]).encode()
    found = await run(config, "verify", "-", "--json", stdin=excerpt)
    assert json.loads(found.stdout)["flow"] == told[1]["flow"]
    assert (await run(config, "verify", "-", "--json", "--tenant", "globex", stdin=excerpt)).exit_code == 1


async def test_it_works_without_a_running_gateway_too(lab: Lab, config: Path) -> None:
    poster, _ = files(lab)
    await asyncio.to_thread(lab.stop)
    result = await run(config, "mark", str(poster), "-o", str(lab.folder / "out"))
    assert result.exit_code == 0, result.output
    assert "1 of 1 files marked" in result.stdout
    assert (await run(config, "verify", str(lab.folder / "out" / "poster.png"))).exit_code == 0
    assert (await run(config, "verify", command=audit)).exit_code == 0


async def test_verify_says_it_in_words(lab: Lab, config: Path) -> None:
    poster, _ = files(lab)
    result = await run(config, "verify", str(poster), "--language", "en")
    assert result.exit_code == 1
    assert "Unknown. No mark and no record was found. That does not mean that a human made it" in result.stdout
    assert "AIGC metadata (GB 45438-2025)" in result.stdout
    chinese = await run(config, "verify", str(poster), "--language", "zh")
    assert "并不表示内容出自人类" in chinese.stdout
    empty = await run(config, "verify", "-", stdin=b"")
    assert (empty.exit_code, empty.stdout) == (2, "")
    assert (await run(config, "verify", str(lab.folder / "missing"))).exit_code == 2


async def test_what_cannot_carry_a_mark_follows_policy_and_is_never_left_out_in_silence(lab: Lab, config: Path) -> None:
    file = lab.folder / "data.bin"
    file.write_bytes(bytes(range(256)) * 8)
    for policy, exit_code, carries in (("block", 1, None), ("sidecar", 0, ["sidecar"]), ("record", 0, ["record"])):
        out = lab.folder / policy
        result = await run(
            config, "mark", str(file), "-o", str(out), "--json", "--profile", "cn", "--unsupported", policy
        )
        told = json.loads(result.stdout.splitlines()[-1])
        assert (result.exit_code, told.get("carries")) == (exit_code, carries), result.output
        assert (out / "data.bin").exists() == (exit_code == 0)
        assert (out / "data.bin.c2pa").exists() == (policy == "sidecar")
    beside = str(lab.folder / "sidecar" / "data.bin.c2pa")
    found = await run(config, "verify", str(lab.folder / "sidecar" / "data.bin"), "--json", "--sidecar", beside)
    document = json.loads(found.stdout)
    assert document["verdict"] == "confirmed"
    assert {item["kind"]: item["state"] for item in document["evidence"]}["c2pa_integrity"] == "present"


async def test_bad_files_are_told_and_the_others_are_marked(lab: Lab, config: Path) -> None:
    poster, _ = files(lab)
    broken = lab.folder / "broken.png"
    broken.write_bytes(picture(2)[:200])
    result = await run(config, "mark", str(broken), str(poster), "-o", str(lab.folder / "out"))
    assert result.exit_code == 1
    assert "broken.png  NOT MARKED:" in result.stdout
    assert "1 of 2 files marked" in result.stdout
    assert os.listdir(lab.folder / "out") == ["poster.png"]
    again = await run(config, "mark", str(poster), "-o", str(lab.folder / "out"))
    assert (again.exit_code, "nothing is overwritten" in again.output) == (2, True)


async def test_nothing_demanded_is_no_marking(lab: Lab, config: Path) -> None:
    poster, _ = files(lab)
    result = await run(config, "mark", str(poster), "-o", str(lab.folder / "out"), "--audience", "internal")
    assert result.exit_code == 1
    assert "demands no mark" in result.stdout
    assert not list((lab.folder / "out").iterdir())


async def test_the_marked_picture_is_still_that_picture(lab: Lab, config: Path) -> None:
    poster, _ = files(lab)
    await run(config, "mark", str(poster), "-o", str(lab.folder / "out"))
    before, after = (Image.open(io.BytesIO(path.read_bytes())) for path in (poster, lab.folder / "out" / "poster.png"))
    assert before.size == after.size


@pytest.mark.parametrize(("form", "size"), [("JPEG", 512), ("WEBP", 384)])
async def test_a_marked_picture_is_found_again_when_it_was_saved_anew(
    lab: Lab, config: Path, form: str, size: int
) -> None:
    """Another format and size, all metadata gone: the record knows it by its prints."""
    poster, _ = files(lab)
    marked = await run(config, "mark", str(poster), "-o", str(lab.folder / "out"), "--json")
    flow = json.loads(marked.stdout.splitlines()[0])["flow"]
    saved = lab.folder / f"saved.{form.lower()}"
    picture = Image.open(lab.folder / "out" / "poster.png").convert("RGB")
    picture.resize((size, size), Image.Resampling.LANCZOS).save(saved, form, quality=75)
    found = await run(config, "verify", str(saved), "--json")
    document = json.loads(found.stdout)
    states = {item["kind"]: item["state"] for item in document["evidence"]}
    assert (document["verdict"], document["flow"]) == ("confirmed", flow), document
    assert (states["exact"], states["c2pa_integrity"], states["fingerprint"]) == ("absent", "absent", "present")
