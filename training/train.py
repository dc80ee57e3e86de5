"""Train the tagger: `python -m training.train PACK OUT --steps 40000`, on a GPU where there is one.

Runs from the root of the repository in an environment of its own (`training/requirements.txt`); `PACK` is what
`training.pack` wrote. Shards come in a fixed order and each brings a fixed number of steps, so that `--steps` makes a
run repeatable on the same processor and versions; `--minutes` bounds it by time instead.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from gateway.inspection.names.features import FEATURES, CharacterTable
from training.corpus import LABELS
from training.network import TAGS, WIDTH, WIDTH_IN, Choice, Network, export, restored
from training.shards import IGNORED, Mix, Shard, Shards, stream

WINDOW = 192  # tokens
_SIZE = 120_000  # of the vocabulary
_WIDE = (300_000, 192, 384)  # of a teacher: vocabulary, inner width, width
_SOFT = 0.6  # weight of the teacher's probabilities beside the labels
_NOTHING = -(1 << 31)  # the hash of an empty position, as `_signed` has it
_BLIND = 0.04  # share of tokens whose words are hidden wholly: only shape and layout are left
_KEPT = 0.999  # of the running mean of weights, a step
_ROUNDED_FROM = 0.75  # of the run: from here on with rounding as in the shipped integers
CHOICE = Choice(  # found on the development sets
    {"PERSON": 4.0, "ADDRESS": 4.5, "ORG": 5.5, "LOCATION": 4.5, "DATE": 2.0, "NRP": 2.0},
    {"PERSON": 0.15, "ADDRESS": 0.3, "ORG": 0.05, "LOCATION": 0.1, "DATE": 0.15, "NRP": 0.1},
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to learn."""

    minutes: float
    steps: int
    batch: int
    per_shard: int
    pool: int
    rate: float
    seed: int
    teacher: Path | None
    wide: bool
    start: Path | None
    report: int  # steps between two lines of progress
    width: int  # of the network, if it is no teacher
    hidden: float  # share of features hidden from a step, so that no single word decides
    dropout: float


class Lookup:
    """From feature hashes to the rows of one vocabulary, on the device."""

    def __init__(self, known: NDArray[np.uint32], device: torch.device) -> None:
        self._known = torch.from_numpy(_signed(known)).to(device)

    def rows(self, hashed: Tensor) -> Tensor:
        """0 for what is not known."""
        place = torch.searchsorted(self._known, hashed).clamp_(max=len(self._known) - 1)
        return torch.where(self._known[place] == hashed, place + 1, 0).to(torch.int32)


def _signed(hashes: NDArray[np.uint32]) -> NDArray[np.int32]:
    """The same order in a type that PyTorch sorts."""
    return (hashes ^ np.uint32(1 << 31)).view(np.int32)


class Pool:
    """The windows that steps are drawn from: the latest shards, on the device."""

    def __init__(self, size: int, device: torch.device) -> None:
        self._device = device
        self._hashes = torch.zeros((size, WINDOW, FEATURES), dtype=torch.int32, device=device)
        self._tags = torch.full((size, WINDOW), IGNORED, dtype=torch.int8, device=device)
        self._at, self.filled = 0, 0

    def add(self, shard: Shard) -> None:
        """Put a shard in, over the oldest one where the pool is full."""
        hashes, tags = shard
        count = len(tags) // WINDOW
        where = (torch.arange(count, device=self._device) + self._at) % len(self._tags)
        cut = torch.from_numpy(_signed(hashes[: count * WINDOW])).to(self._device)
        self._hashes[where] = cut.view(count, WINDOW, FEATURES)
        self._tags[where] = torch.from_numpy(tags[: count * WINDOW]).to(self._device).view(count, WINDOW)
        self._at = (self._at + count) % len(self._tags)
        self.filled = min(self.filled + count, len(self._tags))

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """Hashes and tags of windows at random."""
        chosen = torch.randint(self.filled, (count,), device=self._device)
        return self._hashes[chosen].contiguous(), self._tags[chosen].long()


def veiled(rows: Tensor, share: float) -> Tensor:
    """Some features hidden, some tokens' words hidden wholly."""
    hidden = torch.rand(rows.shape, device=rows.device) < share
    hidden[..., :5] |= torch.rand((*rows.shape[:2], 1), device=rows.device) < _BLIND
    return rows.masked_fill(hidden, 0)


class Teacher:
    """A wide network that was trained before: its probabilities are learnt beside the labels."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        known = np.load(folder / "known.npy")
        self._net = Network(len(known), 0.0, *_WIDE[1:]).to(device)
        self._net.load_state_dict(torch.load(folder / "wide.pt", map_location=device))
        self._net.eval()
        self._lookup = Lookup(known, device)

    @torch.no_grad()
    def probabilities(self, hashed: Tensor) -> Tensor:
        """Of every tag for every token of the windows."""
        with torch.autocast(hashed.device.type, dtype=torch.bfloat16):
            return self._net(self._lookup.rows(hashed)).view(-1, TAGS).float().softmax(-1)


def vocabulary(shards: list[Shard], size: int) -> NDArray[np.uint32]:
    """The most frequent features, of those seen three times or more, sorted."""
    values, counts = np.unique(np.concatenate([hashes.ravel() for hashes, _ in shards]), return_counts=True)
    often = (counts >= 3) & (values > 0)
    values, counts = values[often], counts[often]
    return np.sort(values[np.argsort(-counts, kind="stable")[:size]]).astype(np.uint32)


def learn(source: Iterator[Shard], known: NDArray[np.uint32], table: CharacterTable, plan: Plan, out: Path) -> None:
    """The training loop. Saves the running mean of the weights."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(plan.seed)
    size = _WIDE[1:] if plan.wide else (WIDTH_IN, plan.width)
    net = (restored(plan.start)[0] if plan.start else Network(len(known), plan.dropout, *size)).to(device)
    learnt = [each for each in net.parameters() if each.requires_grad]
    mean = Network(len(known), 0.0, *size).to(device)
    mean.load_state_dict(net.state_dict())
    mean.quantised = net.quantised
    optimiser = torch.optim.AdamW(learnt, lr=plan.rate, weight_decay=1e-3, betas=(0.9, 0.98), fused=True)
    pool, lookup = Pool(plan.pool, device), Lookup(known, device)
    teacher = Teacher(plan.teacher, device) if plan.teacher else None
    begin, step, total = time.monotonic(), 0, torch.zeros((), device=device)
    for shard in islice(source, 8):
        pool.add(shard)
    while True:
        done = step / plan.steps if plan.steps else (time.monotonic() - begin) / (60 * plan.minutes)
        if done >= 1:
            break
        if done > _ROUNDED_FROM and not net.quantised and not plan.wide:
            calibrate(net, lookup.rows(pool.draw(96)[0]))
            mean.fine, mean.step, mean.quantised = net.fine, net.step, True
        pool.add(next(source))
        for _ in range(plan.per_shard):
            rate = (
                plan.rate
                * min(1.0, (step + 1) / (30 if plan.start else 300))
                * (0.5 + 0.5 * math.cos(math.pi * min(done, 1.0)))
                + 1e-5
            )
            for group in optimiser.param_groups:
                group["lr"] = rate
            hashed, tags = pool.draw(plan.batch)
            rows = veiled(lookup.rows(hashed), plan.hidden)
            fast = torch.autocast(device.type, dtype=torch.bfloat16) if not net.quantised else nullcontext()
            with fast:
                scores = net(rows).view(-1, TAGS).float()
            loss = functional.cross_entropy(scores, tags.view(-1), ignore_index=IGNORED, label_smoothing=0.02)
            if teacher:
                seen = hashed[..., -1].reshape(-1) != _NOTHING
                soft = -(teacher.probabilities(hashed) * scores.log_softmax(-1)).sum(-1)
                loss = (1 - _SOFT) * loss + _SOFT * soft[seen].mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learnt, 1.0)
            optimiser.step()
            kept = min(0.98 if plan.start else _KEPT, (1 + step) / (10 + step))
            with torch.no_grad():
                torch._foreach_lerp_(list(mean.parameters()), list(net.parameters()), 1 - kept)
            total += loss.detach()
            step += 1
            if step % plan.report == 0:
                print(f"step {step} loss {total.item() / plan.report:.4f} {time.monotonic() - begin:.0f} s", flush=True)
                total.zero_()
    net.eval()
    if plan.wide:
        out.mkdir(parents=True, exist_ok=True)
        torch.save(mean.state_dict(), out / "wide.pt")
        np.save(out / "known.npy", known)
    else:
        calibrate(mean, lookup.rows(pool.draw(96)[0]), keep=net.quantised)
        save(mean, known, table, out)


def calibrate(net: Network, rows: Tensor, *, keep: bool = False) -> None:
    """Fix the steps of embeddings and activations on a sample, and round as the shipped integers do from here on.

    `keep` leaves steps that the weights were already trained with.
    """
    if not keep:
        was = net.training
        net.eval()
        net.fix_fine_steps()
        net.quantised, net.calibrating = False, True
        with torch.no_grad():
            net.step.zero_()
            net(rows)
        net.calibrating = False
        net.train(was)
    net.quantised = True


def save(net: Network, known: NDArray[np.uint32], table: CharacterTable, out: Path) -> None:
    """The three files that ship, and the weights to go on from, in parts below 16 MiB."""
    net = net.cpu().eval()
    export(net, known, table, CHOICE, out)
    state = net.state_dict()
    half = state.pop("emb.weight").half().numpy()
    for part, rows in enumerate(np.array_split(half, 2)):
        np.save(out / f"embedding{part}.npy", rows)
    torch.save(state, out / "rest.pt")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--steps", type=int, default=0, help="instead of minutes: makes the run repeatable")
    parser.add_argument("--batch", type=int, default=256, help="windows of a step")
    parser.add_argument("--per-shard", type=int, default=6, help="steps for every new shard")
    parser.add_argument("--pool", type=int, default=40_000, help="windows to draw from")
    parser.add_argument("--rate", type=float, default=3e-3, help="of learning, at its highest; falls to nothing")
    parser.add_argument("--first", type=int, default=48, help="shards that the vocabulary is counted in")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--scratch", type=Path, default=None, help="folder for shards in transit")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--wide", action="store_true", help="train a teacher: wider, with a larger vocabulary")
    parser.add_argument("--start", type=Path, default=None, help="folder of a shipped model: its embeddings stay")
    parser.add_argument("--teacher", type=Path, default=None, help="folder of a --wide run to learn from")
    parser.add_argument("--width", type=int, default=WIDTH, help="of the network; that of --start must agree")
    parser.add_argument("--hidden", type=float, default=0.2, help="share of features hidden from a step")
    parser.add_argument("--dropout", type=float, default=0.15)
    parser.add_argument(
        "--mix", type=int, nargs=3, default=(500, 1100, 900), help="gold, silver, invented texts a shard"
    )
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    a.out.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    shards = Shards(a.pack, a.seed)
    source = stream(shards, Mix(*a.mix), a.workers, a.scratch or a.out / "shards")
    first = list(islice(source, a.first))
    known = restored(a.start)[1] if a.start else vocabulary(first, _WIDE[0] if a.wide else _SIZE)
    sizes = [len(tags) for _, tags in first]
    tags = np.bincount(np.concatenate([t[t >= 0] for _, t in first]), minlength=TAGS).tolist()
    print(f"{a.first} shards of {np.mean(sizes):.0f} tokens, vocabulary {len(known)}, {time.monotonic() - begin:.0f} s")
    print("tags", tags, LABELS, flush=True)
    plan = Plan(
        a.minutes,
        a.steps,
        a.batch,
        a.per_shard,
        a.pool,
        a.rate,
        a.seed,
        a.teacher,
        a.wide,
        a.start,
        50 if a.start else 500,
        a.width,
        a.hidden,
        a.dropout,
    )
    learn(_after(first, source), known, shards.table, plan, a.out)


def _after(first: list[Shard], source: Iterator[Shard]) -> Iterator[Shard]:
    yield from first
    yield from source


if __name__ == "__main__":
    main()
