"""Average two models of one lineage: `python -m training.average EARLIER LATER OUT_FOLDER [--weight 0.5]`.

The later one was trained on from the earlier (`train.py --start`). The mean of the two keeps more of the earlier one's
recall on unfamiliar sentences than the later one has, and more of the later one's precision than the earlier one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from gateway.inspection.names.features import CharacterTable
from training.network import Network, export
from training.train import CHOICE, rows


def average(earlier: Path, later: Path, out: Path, weight: float) -> None:
    """Write the mean, over the later one's vocabulary; features that only the later one knows keep its rows."""
    a, b = torch.load(earlier / "network.pt"), torch.load(later / "network.pt")
    with np.load(earlier / "vocabulary.npz") as arrays:
        old_vocabulary = arrays["vocabulary"]
    with np.load(later / "vocabulary.npz") as arrays:
        vocabulary = arrays["vocabulary"]
        table = CharacterTable(arrays["kind"], arrays["lower"], arrays["upper"])
    old = rows(old_vocabulary, vocabulary)
    embedding = b["emb.weight"].clone()
    embedding[1:][old > 0] = a["emb.weight"][old[old > 0]]
    a["emb.weight"] = embedding
    mean = {name: a[name] * (1 - weight) + b[name] * weight for name in b}
    mean["step"] = torch.maximum(a["step"], b["step"])  # wide enough for both
    net = Network(len(vocabulary))
    net.load_state_dict(mean)
    net.eval()
    export(net, vocabulary, table, CHOICE, out)
    torch.save(net.state_dict(), out / "network.pt")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("earlier", type=Path)
    parser.add_argument("later", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--weight", type=float, default=0.5, help="of the later one")
    arguments = parser.parse_args()
    average(arguments.earlier, arguments.later, arguments.out, arguments.weight)


if __name__ == "__main__":
    main()
