"""The page of verification in a real browser: dropped, chosen and pasted; in two languages; with and without scripts."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from gateway.control.operators import Role
from gateway.settings import ContentVerification
from tests.audit.lab import Lab
from tests.gateway.content.made import Studio, picture, words
from tests.gateway.control.parts import KEYS, deps, serving
from watermark.aigc import ours, write_aigc

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium on this machine")
DROP = """async ([name, encoded]) => {
    const bytes = Uint8Array.from(atob(encoded), c => c.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, {type: 'image/png'}));
    for (const kind of ['dragenter', 'dragover', 'drop']) {
        document.getElementById('drop').dispatchEvent(
            new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true}));
    }
}"""


@dataclass
class Shown:
    """A control plane with one recorded picture and text, a browser, and what the browser complained of."""

    url: str
    browser: Browser
    flow: str
    marked: bytes
    text: str
    said: str


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> Iterator[Shown]:
    lab = Lab(tmp_path_factory.mktemp("page"))
    lab.start()
    studio = Studio(lab)
    text = words(1)

    async def made() -> tuple[str, bytes, str]:
        flow, marked = await studio.drew(picture(1, 256))
        return flow, marked.data, await studio.said(text)

    flow, marked, said = asyncio.run(made())
    given = deps(
        verifier=studio.verifier,
        records=studio.records,
        content=ContentVerification(public=True, public_per_minute=600),
    )
    with serving(given) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield Shown(url, browser, flow, marked, text, said)
        browser.close()
    studio.close()
    lab.stop()


def opened(shown: Shown, **context) -> tuple[Page, list[str]]:
    """The page, and what the browser says against it: errors, and violations of the policy among them."""
    page = shown.browser.new_context(**{"locale": "en-GB", **context}).new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.goto(f"{shown.url}/verify")
    return page, complaints


def verdict(page: Page) -> str:
    page.wait_for_selector(".verdict")
    return page.inner_text(".verdict")


def drop(page: Page, name: str, data: bytes) -> None:
    page.evaluate("document.getElementById('result').replaceChildren()")
    page.evaluate(DROP, [name, base64.b64encode(data).decode()])


def test_a_dropped_picture_is_confirmed_and_a_copied_mark_is_not(shown: Shown) -> None:
    page, complaints = opened(shown)
    page.fill("#key", KEYS[Role.COMPLIANCE])
    drop(page, "marked.png", shown.marked)
    assert f"The content agrees with the record of call {shown.flow}" in verdict(page)
    assert page.inner_text("#chosen") == "marked.png"
    assert "lexgate audit show" in page.inner_text(".matches")
    assert page.evaluate("document.activeElement.id") == "result"
    assert page.url == f"{shown.url}/verify"  # no new page

    drop(page, "copied.png", write_aigc(picture(2, 256), "image/png", ours("001191310", f"{shown.flow}-0")))
    assert "not like what that call made" in verdict(page)
    assert complaints == []


def test_the_public_is_told_less(shown: Shown) -> None:
    page, complaints = opened(shown)
    drop(page, "marked.png", shown.marked)
    assert "No record was asked" in verdict(page)
    assert page.query_selector(".matches") is None
    assert complaints == []


def test_without_scripts_in_chinese_a_chosen_file_is_verified(shown: Shown, tmp_path: Path) -> None:
    (tmp_path / "marked.png").write_bytes(shown.marked)
    page, complaints = opened(shown, java_script_enabled=False, locale="zh-CN", color_scheme="dark")
    assert page.inner_text("h1") == "这份内容来自哪里？"
    page.fill("#key", KEYS[Role.COMPLIANCE])
    page.set_input_files("#file", tmp_path / "marked.png")
    page.click("button")
    assert "已证实" in verdict(page)
    assert page.get_attribute("html", "lang") == "zh-CN"
    page.click("text=English")
    assert page.inner_text("h1") == "Where does this come from?"
    assert complaints == []


def test_with_the_keyboard_alone_a_text_is_verified(shown: Shown) -> None:
    page, complaints = opened(shown)
    for _ in range(5):  # skip link, home, two languages, key
        page.keyboard.press("Tab")
    page.keyboard.type(KEYS[Role.COMPLIANCE])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "file"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(shown.text)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert shown.said in verdict(page)
    assert complaints == []


def test_nothing_but_its_own_scripts_run(shown: Shown) -> None:
    page, complaints = opened(shown)
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\"><p style=\"color:red\">')"
    )
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))"
    )
    page.wait_for_function("() => true")
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in complaint for complaint in complaints)


def test_an_empty_form_and_a_gateway_that_is_gone_are_said(shown: Shown) -> None:
    page, _ = opened(shown)
    page.click("button")
    assert page.inner_text("#result") == "Choose a file or paste a text first."
    page.route("**/verify?lang=en", lambda route: route.abort())
    drop(page, "marked.png", shown.marked)
    page.wait_for_function("() => document.getElementById('result').textContent.includes('could not be reached')")


def test_what_a_file_says_of_itself_is_shown_as_text(shown: Shown) -> None:
    page, complaints = opened(shown)
    hostile = ours("<img src=x onerror=alert(1)>", "</dd><script>alert(1)</script>")
    drop(page, "<b>.png", write_aigc(picture(3), "image/png", hostile))
    verdict(page)
    assert "</dd><script>alert(1)</script>" in page.inner_text(".evidence")
    assert page.query_selector(".evidence script, .evidence img") is None
    assert complaints == []
