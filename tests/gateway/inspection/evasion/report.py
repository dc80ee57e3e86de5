"""Found and exact shares by family: `python -m tests.gateway.inspection.evasion.report [-v]`."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.inspection.engine import Engine
from tests.gateway.inspection.evasion.cases import Case, cases


@dataclass(slots=True)
class Share:
    """How many cases were found, and found with exactly their span."""

    count: int = 0
    found: int = 0
    exact: int = 0
    missed: list[str] = field(default_factory=list)


def shares(every: Iterable[Case], engine: Engine) -> dict[str, Share]:
    """By family, and under "" of all. Found: the value's label over at least four fifths of its writing."""
    result: defaultdict[str, Share] = defaultdict(Share)
    for case in every:
        spans = [span for span in engine.inspect(case.text) if span.label == case.label]
        covered = sum(max(0, min(span.end, case.end) - max(span.start, case.start)) for span in spans)
        found = covered >= 0.8 * (case.end - case.start)
        exact = any((span.start, span.end) == (case.start, case.end) for span in spans)
        for share in (result[case.family], result[""]):
            share.count += 1
            share.found += found
            share.exact += exact
            if not (found and exact):
                share.missed.append(f"{case.name}{'' if not found else ' (span)'}")
    return dict(result)


def main() -> None:
    for family, share in shares(cases(), Engine(names=False)).items():
        print(
            f"{family or 'all':12} {share.count:4} found {share.found / share.count:.3f} exact {share.exact / share.count:.3f}"
        )
        if "-v" in sys.argv and family:
            print("   ", "; ".join(share.missed))


if __name__ == "__main__":
    main()
