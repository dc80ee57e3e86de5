"""Train the tagger: `python -m training.train DATA_FOLDER OUT_FOLDER --minutes 25 --threads 2`.

Runs from the root of the repository in an environment of its own (`training/requirements.txt`). Seeds are fixed; the
number of epochs depends on the machine's speed unless `--epochs` is given, so only that makes a run repeatable.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from opencc import OpenCC
from torch import Tensor
from torch.nn import functional

from gateway.inspection.names.features import FEATURES, CharacterTable, Featuriser
from gateway.inspection.names.network import REACH
from training import corpus, lexicons
from training.corpus import Example
from training.makers import Maker
from training.network import LABELS, TAGS, Choice, Network, export

_SIZE = 64_000  # of the vocabulary
_WINDOW, _BATCH = 192, 48  # tokens of a window, windows of a step
_BLOCK = 1 << 18
_DROPPED = 0.2  # share of features hidden from a step, so that no single word decides
_IGNORED = -100  # tag of the empty positions between texts
_INVENTED = 18_000  # texts an epoch
CHOICE = Choice(2.0, {"PERSON": 0.25, "ADDRESS": 0.3, "ORG": 0.5, "LOCATION": 0.4})


class Epochs:
    """Makes the token stream of an epoch: hashes and tags of all texts, with empty positions between them."""

    def __init__(self, data: Path, seed: int) -> None:
        self.random = Random(seed)
        self.lexicons = lexicons.build(self.random)
        self.maker = Maker(self.lexicons, self.random)
        self.examples, self.held = corpus.split(data)
        self.table = CharacterTable.of_this_interpreter()
        self.featuriser = Featuriser(self.table, _BLOCK)
        self._traditional = OpenCC("s2t").convert

    def make(self) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """Hashes (0 in empty positions) and tags of a new epoch."""
        texts = [self.maker.redrawn(example) for example, times in self.examples for _ in range(times)]
        texts += [self.maker.sentence() for _ in range(_INVENTED)]
        self.random.shuffle(texts)
        texts = [self._varied(example) for example in texts]
        hashes: list[NDArray[np.uint32]] = []
        tags: list[NDArray[np.int64]] = []
        block: list[Example] = []
        size = 0
        for example in [*texts, None]:
            if example is None or size + len(example.text) + 8 > _BLOCK:
                self._add(block, hashes, tags)
                block, size = [], 0
            if example is not None:
                block.append(example)
                size += len(example.text) + 3
        return np.concatenate(hashes), np.concatenate(tags)

    def _varied(self, example: Example) -> Example:
        text, draw = example.text, self.random.random()
        if draw < 0.07:
            new = text.lower()
        elif draw < 0.09:
            new = text.upper()
        elif draw < 0.13:
            new = self._traditional(text)
        elif draw < 0.3:
            new = text.replace("，", ",").replace("：", ":")
        elif draw < 0.4:
            new = text.replace(",", "，").replace(":", "：") if any("\u4e00" <= c <= "\u9fff" for c in text) else text
        else:
            new = text
        return Example(new, example.marks) if len(new) == len(text) else example

    def _add(self, block: list[Example], hashes: list[NDArray[np.uint32]], tags: list[NDArray[np.int64]]) -> None:
        tokens = self.featuriser.read([example.text for example in block])
        empty = np.zeros((REACH, FEATURES), np.uint32)
        silent = np.full(REACH, _IGNORED, np.int64)
        for example, low, high in zip(block, tokens.first[:-1], tokens.first[1:], strict=True):
            start, end = tokens.start[low:high], tokens.end[low:high]
            hashes += [tokens.hashes[low:high], empty]
            tags += [_tags(start, end, example), silent]


def _tags(start: NDArray[np.int64], end: NDArray[np.int64], example: Example) -> NDArray[np.int64]:
    """BIO tags; of nested entities the longest wins."""
    out = np.zeros(len(start), np.int64)
    for low, high, label in sorted(example.marks, key=lambda mark: mark[1] - mark[0]):
        if label in LABELS:
            first, last = np.searchsorted(end, low, "right"), np.searchsorted(start, high, "left")
            if last > first:
                out[first:last] = 2 + 2 * LABELS.index(label)
                out[first] -= 1
    return out


def vocabulary(epochs: list[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    """The most frequent features, of those seen three times or more, sorted."""
    values, counts = np.unique(np.concatenate([e.ravel() for e in epochs]), return_counts=True)
    often = (counts >= 3 * len(epochs)) & (values > 0)
    values, counts = values[often], counts[often]
    return np.sort(values[np.argsort(-counts, kind="stable")[:_SIZE]]).astype(np.uint32)


def rows(known: NDArray[np.uint32], hashes: NDArray[np.uint32]) -> Tensor:
    """Embedding rows of hashes; 0 for what is not in the vocabulary."""
    place = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return torch.from_numpy(np.where(known[place] == hashes, place + 1, 0))


def _begin(known: NDArray[np.uint32], earlier: Path | None) -> Network:
    """A new network; with `earlier`, one that goes on from that run: features that both know keep their rows."""
    net = Network(len(known))
    if earlier:
        state = torch.load(earlier / "network.pt")
        with np.load(earlier / "vocabulary.npz") as arrays:
            old = rows(arrays["vocabulary"], known)
        table = net.emb.weight.detach().clone()
        table[1:][old > 0] = state["emb.weight"][old[old > 0]]
        net.load_state_dict({**state, "emb.weight": table})
    return net


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to learn. Without `epochs` the minutes count."""

    minutes: float
    epochs: int
    stop: int
    rate: float
    seed: int
    earlier: Path | None


def learn(epochs: Epochs, out: Path, plan: Plan) -> None:
    """The training loop. The last fifth runs with rounding as in the shipped integers."""
    torch.manual_seed(plan.seed)
    hashes, tags = epochs.make()
    known = vocabulary([hashes, epochs.make()[0]])
    net = _begin(known, plan.earlier)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-4, fused=True)
    print(f"tokens {len(tags)} vocabulary {len(known)} tags {np.bincount(tags[tags >= 0]).tolist()}", flush=True)
    begin, epoch, step = time.monotonic(), 0, 0
    while True:
        ids = rows(known, hashes)
        offset = epochs.random.randrange(_WINDOW)
        count = (len(tags) - offset) // _WINDOW
        x = ids[offset : offset + count * _WINDOW].view(count, _WINDOW, FEATURES)
        y = torch.from_numpy(tags[offset : offset + count * _WINDOW]).view(count, _WINDOW)
        order = torch.randperm(count)
        net.train()
        total = 0.0
        for low in range(0, count, _BATCH):
            if plan.epochs:
                done = (epoch + low / count) / plan.epochs
            else:
                done = (time.monotonic() - begin) / (60 * plan.minutes)
            if done >= 1:
                break
            if done > 0.8 and not net.quantised:
                _calibrate(net, x[:96])
            for group in optimiser.param_groups:
                group["lr"] = plan.rate * min(1.0, (step + 1) / 200) * (1 - done) + 2e-5
            batch = x[order[low : low + _BATCH]]
            batch = batch.masked_fill(torch.rand(batch.shape) < _DROPPED, 0)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=not net.quantised):  # twice as fast
                scores = net(batch).view(-1, TAGS).float()
            loss = functional.cross_entropy(scores, y[order[low : low + _BATCH]].view(-1), ignore_index=_IGNORED)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            total += loss.item()
            step += 1
        epoch += 1
        print(
            f"epoch {epoch} loss {total / max(1, -(-count // _BATCH)):.4f} {time.monotonic() - begin:.0f} s", flush=True
        )
        late = not plan.epochs and time.monotonic() - begin >= 60 * plan.minutes
        if late or epoch in (plan.epochs, plan.stop):
            break
        if epoch % 3 == 0:
            _save(net, x[:96], known, epochs.table, out / "checkpoint")
        hashes, tags = epochs.make()
    _save(net, x[:96], known, epochs.table, out)


def _calibrate(net: Network, x: Tensor) -> None:
    """Fix the steps of the activations on a sample, and round as the shipped integers do from here on."""
    was = net.training
    net.eval()
    net.quantised, net.calibrating = False, True
    with torch.no_grad():
        net.step.zero_()
        net(x)
    net.calibrating, net.quantised = False, True
    net.train(was)


def _save(net: Network, x: Tensor, known: NDArray[np.uint32], table: CharacterTable, out: Path) -> None:
    was = net.quantised
    if not was:
        _calibrate(net, x)
    net.eval()
    export(net, known, table, CHOICE, out)
    torch.save(net.state_dict(), out / "network.pt")
    net.quantised = was


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with the JSONL files named in README.md")
    parser.add_argument("out", type=Path, help="folder for the model")
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--epochs", type=int, default=0, help="instead of minutes: makes the run repeatable")
    parser.add_argument("--start", type=Path, default=None, help="folder of an earlier run to go on from")
    parser.add_argument("--stop", type=int, default=0, help="leave off after so many epochs, the rate still high")
    parser.add_argument("--rate", type=float, default=2.5e-3, help="of learning, at its highest; falls to nothing")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    epochs = Epochs(arguments.data, arguments.seed)
    plan = Plan(arguments.minutes, arguments.epochs, arguments.stop, arguments.rate, arguments.seed, arguments.start)
    learn(epochs, arguments.out, plan)


if __name__ == "__main__":
    main()
