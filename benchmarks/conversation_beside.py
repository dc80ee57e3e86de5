"""`benchmarks.conversation` of several checkouts in turns: `python -m benchmarks.conversation_beside TREE TREE --rounds N`.

A shared machine changes its pace from minute to minute, by more than most changes are worth. So each tree's gateway runs
all the time, and rounds with the same texts alternate, in an order that is drawn anew. A tree is a checkout with its
extensions built and a `.venv`. Milliseconds are CPU of the inspector's whole process.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

_TURNS = 100
_WORKER = """
import json, os, sys, tempfile
from pathlib import Path
import httpx
from benchmarks import conversation
from tests.e2e.product import running
with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as product, httpx.Client(timeout=120) as client:
    conversation.measured(product, client, 2, 40, 1)
    print(flush=True)
    for line in sys.stdin:
        both = conversation.measured(product, client, int(sys.argv[1]), 40, int(line))
        print(json.dumps([[each.inspection, each.settlement, each.process] for each in both]), flush=True)
"""


@dataclass(slots=True)
class Tree:
    """A checkout whose gateway runs, and what its rounds came to: (conversation, final text), each by kind of work."""

    path: Path
    process: subprocess.Popen[str]
    rounds: list[list[list[float]]] = field(default_factory=list)

    @classmethod
    def started(cls, path: Path) -> Tree:
        """Returns at once; `said` waits for it."""
        command = [str(path / ".venv/bin/python"), "-c", _WORKER, str(_TURNS)]
        return cls(path, subprocess.Popen(command, cwd=path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

    def said(self, line: str = "") -> str:
        """What it answers. Raises RuntimeError if it has ended."""
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("started without pipes")
        if line:
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()
        if not (answer := self.process.stdout.readline()):
            raise RuntimeError(f"{self.path} ended")
        return answer

    def end(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait(60)

    def __str__(self) -> str:
        turns = [[1000 * seconds / _TURNS for seconds in conversation] for conversation, _ in self.rounds]
        inspection, settlement, whole = (mean(each) for each in zip(*turns, strict=True))
        ratios = [conversation[2] / once[2] for conversation, once in self.rounds]
        sums = sum(conversation[2] for conversation, _ in self.rounds) / sum(once[2] for _, once in self.rounds)
        return (
            f"{self.path}: a turn {whole:.3f} ms (inspection {inspection:.3f}, settlement {settlement:.3f}), "
            f"median {median(each[2] for each in turns):.3f}; ratio of the sums {sums:.2f}, "
            f"of rounds {min(ratios):.2f} to {max(ratios):.2f}, median {median(ratios):.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("trees", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=8)
    options = parser.parse_args()
    trees: list[Tree] = []
    draw = random.Random(1)
    try:
        for path in options.trees:
            trees.append(Tree.started(path.resolve()))
            trees[-1].said()  # one start after the other: they share the machine
        for number in range(options.rounds):
            for tree in draw.sample(trees, len(trees)):
                tree.rounds.append(json.loads(tree.said(str(100 + number))))
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        for tree in trees:
            print(tree)
    finally:
        for tree in trees:
            tree.end()


if __name__ == "__main__":
    main()
