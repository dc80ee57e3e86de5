"""Papers and public texts that no template made: `papers.txt`."""

from __future__ import annotations

import re
from pathlib import Path

from tests.gateway.inspection.grades.documents import Document

FILE = Path(__file__).with_name("papers.txt")
_HEAD = re.compile(r"^=== (?P<lang>\w+) (?P<grade>\d) (?P<kind>.+)\n", re.MULTILINE)


def papers() -> list[Document]:
    """All of them, in the order of the file."""
    whole = FILE.read_text("utf-8")
    heads = [*_HEAD.finditer(whole)]
    ends = [*(head.start() for head in heads[1:]), len(whole)]
    return [
        Document(head["kind"], head["lang"], int(head["grade"]), whole[head.end() : end].strip("\n") + "\n")
        for head, end in zip(heads, ends, strict=True)
    ]
