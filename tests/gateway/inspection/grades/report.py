"""How well documents are graded: `python -m tests.gateway.inspection.grades.report [--each N] [--seed N] [--papers]`."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.commands.inspect import _classified
from gateway.inspection.engine import Engine
from gateway.inspection.steps import finished
from tests.gateway.inspection.grades.documents import Document, documents
from tests.gateway.inspection.grades.papers import papers


@dataclass(frozen=True, slots=True)
class Graded:
    document: Document
    grade: int
    reasons: tuple[str, ...]

    @property
    def under(self) -> bool:
        return self.grade < self.document.grade

    @property
    def over(self) -> bool:
        return self.document.grade == 1 and self.grade > 1


def graded(engine: Engine, texts: Iterable[Document]) -> list[Graded]:
    """Each document graded as a call of its own."""
    found = []
    for document in texts:
        ((spans, classes),) = finished(engine.seen([document.text], document.lang))
        result = _classified(document.text, [*spans, *classes])
        found.append(Graded(document, int(result.grade[1]), result.reasons))
    return found


def share(part: Sequence[object], whole: Sequence[object]) -> float:
    return len(part) / len(whole) if whole else 0.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", type=int, default=6)
    parser.add_argument("--seed", type=int, default=20261126)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--papers", action="store_true", help="those that no template made")
    options = parser.parse_args()
    everything = graded(Engine(), papers() if options.papers else documents(options.each, options.seed))
    for name, some in (
        ("all", everything),
        *((lang, [each for each in everything if each.document.lang == lang]) for lang in ("en", "zh")),
    ):
        public = [each for each in some if each.document.grade == 1]
        high = share([each for each in some if not each.under], some)
        over = share([each for each in public if each.over], public)
        print(f"{name:>4}: {len(some)} documents, graded at least as high as they should {high:.3f}; {len(public)} public, over-graded {over:.3f}")  # fmt: skip
    missed = Counter((each.document.kind, each.document.lang, each.document.grade, each.grade) for each in everything if each.under or each.over)  # fmt: skip
    for (kind, lang, should, got), number in missed.most_common(20):
        print(f"  {number:>3} × {kind} ({lang}): L{got} instead of L{should}")
    if options.show:
        for each in everything:
            if each.under or each.over:
                print("-----", each.document.kind, each.grade, each.reasons, each.document.text, sep="\n")


if __name__ == "__main__":
    main()
