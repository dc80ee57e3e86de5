"""The page of verification as HTML: a form that works without scripts, and the answer below it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from audit.console.words import DETAILS, LANGUAGES, NAMES, TAGS, VERIFY, Language

SYMBOLS: Mapping[str, str] = {"confirmed": "✓", "partly": "◐", "claimed": "!", "unknown": "?", "problem": "×"}
_STATES: Mapping[str, str] = {"present": "✓", "absent": "–", "invalid": "×", "not_examined": "·"}


def render(
    language: Language, *, public: bool, largest: int, answer: Mapping[str, Any] | None = None, problem: str = ""
) -> str:
    """The whole page; with an `answer` of verification, or with what went wrong."""
    word = {name: escape(said[language]) for name, said in VERIFY.items()}
    found = _answer(answer, word, language) if answer is not None else _problem(problem, word) if problem else ""
    lead = word["lead_public"] if public else word["lead_operator"]
    return f"""<!doctype html>
<html lang="{TAGS[language]}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{word["title"]} · Lexgate</title>
<link rel="stylesheet" href="/verify/style.css">
<script src="/verify/verify.js" defer></script>
<body>
<a class="skip" href="#result">{word["skip"]}</a>
<header><a class="brand" href="/">Lexgate</a>{_switch(language, word)}</header>
<main>
<h1>{word["title"]}</h1>
<p class="lead">{lead}</p>
{_form(language, word, public=public, largest=largest)}
<section id="result" tabindex="-1" aria-live="polite">{found}</section>
</main>
<footer><p>{word["footer"]}</p></footer>
</body>
</html>
"""


def _switch(language: Language, word: Mapping[str, str]) -> str:
    current = {language: ' aria-current="true"'}
    links = "".join(
        f'<a href="/verify?lang={one}" lang="{TAGS[one]}" hreflang="{TAGS[one]}"{current.get(one, "")}>{NAMES[one]}</a>'
        for one in LANGUAGES
    )
    return f'<nav aria-label="{word["language"]}">{links}</nav>'


def _form(language: Language, word: Mapping[str, str], *, public: bool, largest: int) -> str:
    """The key comes first, so that it is read before the file. It is never put into a page."""
    size = f"{largest // 1_048_576} MB" if largest >= 1_048_576 else f"{largest // 1024} KB"
    hint, needed = (word["key_public"], "") if public else (word["key_needed"], " required")
    key = f"""<label for="key">{word["key"]}</label>
<input id="key" name="key" type="password" autocomplete="off" spellcheck="false" aria-describedby="key-hint"{needed}>
<p class="hint" id="key-hint">{hint}</p>"""
    return f"""<form id="form" method="post" action="/verify?lang={language}" enctype="multipart/form-data"
 data-busy="{word["busy"]}" data-failed="{word["failed"]}" data-nothing="{word["nothing"]}">
<div class="key">{key}</div>
<div class="drop" id="drop">
<label for="file"><span class="icon" aria-hidden="true">⇪</span><strong>{word["drop"]}</strong>
<span class="hint" id="file-hint">{word["kinds"].format(size=size)}</span></label>
<input id="file" name="file" type="file" aria-describedby="file-hint">
<output id="chosen" for="file"></output>
</div>
<details><summary>{word["more"]}</summary>
<label for="text">{word["paste"]}</label>
<textarea id="text" name="text" rows="5"></textarea>
<label for="sidecar">{word["sidecar"]}</label>
<input id="sidecar" name="sidecar" type="file" accept=".c2pa,application/c2pa">
</details>
<button type="submit">{word["verify"]}</button>
</form>"""


def _problem(problem: str, word: Mapping[str, str]) -> str:
    return f'<article class="verdict problem"><h2>{_badge("problem", word["problem"])}</h2><p>{escape(problem)}</p></article>'


def _badge(name: str, title: str) -> str:
    return f'<span class="badge" aria-hidden="true">{SYMBOLS[name]}</span>{escape(title)}'


def _answer(answer: Mapping[str, Any], word: Mapping[str, str], language: Language) -> str:
    name = answer["verdict"]
    kind = "claimed against" if answer["contradicted"] else name
    file = " · ".join(
        filter(None, (answer["media_type"], f"{answer['bytes']:,} B", f"SHA-256 {answer['sha256'][:16]}…"))
    )
    return f"""<article class="verdict {kind}">
<h2>{_badge(name, answer["title"])}</h2>
<p>{escape(answer["words"])}</p>
<p class="hint">{escape(file)}</p>
</article>
{_matches(answer, word)}
<h3>{word["evidence"]}</h3>
<ul class="evidence">{"".join(_evidence(item, language) for item in answer["evidence"])}</ul>"""


def _evidence(item: Mapping[str, Any], language: Language) -> str:
    told = [(DETAILS[key][language] if key in DETAILS else key, value) for key, value in item["details"].items()]
    details = "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in told)
    return (
        f'<li class="{escape(item["state"])}"><span class="mark" aria-hidden="true">{_STATES[item["state"]]}</span>'
        f"<div><strong>{escape(item['name'])}</strong> <span>{escape(item['words'])}</span>"
        f"{f'<dl>{details}</dl>' if details else ''}</div></li>"
    )


def _matches(answer: Mapping[str, Any], word: Mapping[str, str]) -> str:
    if not answer["matches"]:
        return ""
    rows = "".join(_match(match, word) for match in answer["matches"])
    return f'<h3>{word["matches"]}</h3><ul class="matches">{rows}</ul>'


def _match(match: Mapping[str, Any], word: Mapping[str, str]) -> str:
    of = " · ".join(
        str(match[name]) for name in ("time", "tenant", "application", "provider", "model") if match.get(name)
    )
    share = match["share"] / 10
    said = match.get("stamped")
    stamped = f'<p class="hint">{escape(said["words"])}</p>' if said else ""
    return (
        f"<li><code>{escape(match['flow'])}</code>"
        f'<meter min="0" max="100" value="{share:.0f}"></meter> {word["share"].format(share=f"{share:.0f}")}'
        f'<p class="hint">{escape(of)}</p>'
        f"{stamped}"
        f'<p class="hint">{word["see"]} <code>lexgate audit show {escape(match["flow"])}</code></p></li>'
    )
