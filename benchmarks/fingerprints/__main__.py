"""`python -m benchmarks.fingerprints`: the figures of issue 4, part 5, on this machine's documentation. About two minutes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.fingerprints import real
from benchmarks.fingerprints.measure import (
    KEY,
    Corpus,
    Fingerprints,
    cost,
    false_matches,
    found_after,
    scripted,
)
from benchmarks.fingerprints.texts import INSTALLED, Language, gather
from watermark.fingerprint import winnow

REAL: dict[str, Callable[[Sequence[str]], list[str]]] = {
    "browser: copied and pasted (Chromium)": real.pasted,
    "DOCX round trip (python-docx)": real.through_docx,
    "DOCX → ODT → text (LibreOffice)": real.through_office,
}
REAL_TEXTS = 100


def main() -> None:
    """Measures and prints a table; `--json` writes the figures to a file too."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fingerprints", description=__doc__)
    parser.add_argument("--texts", type=Path, action="append", default=[], help="more documents below this folder")
    parser.add_argument("--stored", type=int, default=4000)
    parser.add_argument("--others", type=int, default=20_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    corpus = Corpus.of(gather((*INSTALLED, *options.texts)), options.stored, options.others)
    index = Fingerprints([winnow(text.text, KEY) for text in corpus.stored])
    figures: dict[str, object] = {"quoting": corpus.quoting}
    for language in ("en", "zh"):
        figures[language] = _language(corpus, index, language)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def _language(corpus: Corpus, index: Fingerprints, language: Language) -> dict[str, object]:
    stored = [text for text in corpus.stored if text.language == language]
    print(f"\n{language}: {len(stored)} texts stored, {sum(t.language == language for t in corpus.others)} others")
    if not stored:
        print("  no texts of this language on this machine: name a folder with --texts")
        return {}
    figures: dict[str, object] = {"cost": cost(stored)}
    print(f"  {figures['cost']:.3f} ms of CPU a KB")
    for words in (0, 30):
        wrong, of = false_matches(corpus, index, language, words)
        name = f"false matches{f', {words} words' if words else ''}"
        figures[name] = [wrong, of]
        print(f"  {wrong / max(1, of):8.3%}  {name} ({wrong} of {of})")
    for name, share in scripted(corpus, index, language):
        figures[name] = share
        print(f"  {share:7.2f} %  found: {name}")
    for name, transform in REAL.items():
        figures[name] = _real(name, transform, language, corpus, index)
    return figures


def _real(
    name: str,
    transform: Callable[[Sequence[str]], list[str]],
    language: Language,
    corpus: Corpus,
    index: Fingerprints,
) -> float | None:
    texts = [text.text for text in corpus.stored if text.language == language][:REAL_TEXTS]
    try:
        after = dict(zip(texts, transform(texts), strict=True))
    except (ImportError, FileNotFoundError) as error:
        print(f"           not tried: {name} ({error})", file=sys.stderr)
        return None
    share = found_after(corpus, index, language, lambda text: after[text.text], REAL_TEXTS)
    print(f"  {share:7.2f} %  found: {name} ({len(texts)} texts)")
    return share


if __name__ == "__main__":
    main()
