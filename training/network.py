"""The network as it is trained (PyTorch, with rounding as if already quantised) and as it is shipped (ONNX, integer products)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from gateway.inspection.names.features import CharacterTable
from training.corpus import LABELS

TAGS = 1 + 2 * len(LABELS)
WIDTH_IN, WIDTH = 96, 160
DISTANCES = (1, 1, 2, 4, 8)
_ORT = "com.microsoft"  # onnxruntime's own operators: product, scale and bias in one
_LEVELS = 63  # of a weight: seven bits, so that no processor's 8-bit kernel can overflow
_STEPS = 127  # of an activation, to either side of zero
_FINE = 31  # of an embedding: six bits, which the compressed file holds in about five


def _rounded(x: Tensor, step: Tensor, low: int, high: int) -> Tensor:
    """Quantised and back; the gradient passes as if nothing had been rounded."""
    snapped = torch.clamp(torch.round(x / step), low, high) * step
    return x + (snapped - x).detach()


class Network(nn.Module):
    """Embeddings summed over a token's features, five residual blocks that each look `d` tokens to either side."""

    def __init__(self, vocabulary: int, dropout: float = 0.15, inner: int = WIDTH_IN, width: int = WIDTH) -> None:
        super().__init__()
        self.emb = nn.Embedding(vocabulary + 1, inner, padding_idx=0)
        nn.init.normal_(self.emb.weight, 0, 0.3)
        with torch.no_grad():
            self.emb.weight[0] = 0
        self.inp = nn.Linear(inner, width)
        self.mix = nn.ModuleList(nn.Linear(3 * width, width) for _ in DISTANCES)
        self.ln = nn.ModuleList(nn.LayerNorm(width) for _ in DISTANCES)
        self.out = nn.Linear(width, TAGS)
        self.drop = nn.Dropout(dropout)
        self.register_buffer("step", torch.zeros(len(DISTANCES)))
        self.register_buffer("fine", torch.ones(inner))
        self.quantised = False
        self.calibrating = False

    def forward(self, ids: Tensor) -> Tensor:
        """Scores for ids of shape (windows, tokens, features)."""
        rows = self.emb.weight
        if self.quantised and rows.requires_grad:  # frozen ones stand on their steps already
            rows = _rounded(rows, self.fine, -_FINE, _FINE)
        summed = functional.embedding_bag(ids.flatten(0, 1), rows, mode="sum")
        h: Tensor = self.inp(self.drop(summed)).view(ids.shape[0], ids.shape[1], -1)
        for k, (distance, mix, norm) in enumerate(zip(DISTANCES, self.mix, self.ln, strict=True)):
            seen, weight = h, mix.weight
            if self.calibrating:
                self.step[k] = torch.maximum(
                    self.step[k], torch.quantile(h.abs().float().flatten()[:4_000_000:7], 0.9999) / _STEPS
                )
            if self.quantised:
                seen = _rounded(h, self.step[k], -_STEPS - 1, _STEPS)
                weight = _rounded(weight, weight.detach().abs().amax(1, keepdim=True) / _LEVELS, -_LEVELS, _LEVELS)
            padded = functional.pad(seen, (0, 0, distance, distance))
            around = torch.cat([padded[:, : -2 * distance], seen, padded[:, 2 * distance :]], -1)
            h = norm(h + self.drop(torch.relu(functional.linear(around, weight, mix.bias))))
        scores: Tensor = self.out(h)
        return scores

    def fix_fine_steps(self) -> None:
        """Choose the step of each embedding column: all but one value in a thousand fit into the levels."""
        known = self.emb.weight.detach()[1:].abs().float()
        sample = known[:: max(1, len(known) // 20_000)]
        self.fine = torch.quantile(sample, 0.999, dim=0) / _FINE + 1e-9


@dataclass(frozen=True, slots=True)
class Choice:
    """Decision parameters stored beside the network."""

    biases: dict[str, float]
    thresholds: dict[str, float]


def export(net: Network, vocabulary: np.ndarray[Any, Any], table: CharacterTable, choice: Choice, folder: Path) -> None:
    """Write the three files that `gateway.inspection.names.Tagger` loads."""
    folder.mkdir(parents=True, exist_ok=True)
    embedding, scale = net.emb.weight.detach().numpy(), net.fine.numpy()
    small = np.clip(np.round(embedding / scale), -_FINE, _FINE).astype(np.int8)
    np.savez_compressed(
        folder / "vocabulary.npz",
        vocabulary=vocabulary.astype(np.uint32),
        embedding=small,
        kind=table.kind,
        lower=table.lower,
        upper=table.upper,
    )
    graph = _graph(net, scale.astype(np.float32))
    (folder / "network.onnx").write_bytes(graph.SerializeToString())
    np.savez_compressed(folder / "blocks.npz", **arrays_of(graph))
    card = {
        "labels": list(LABELS),
        "biases": [choice.biases[label] for label in LABELS],
        "thresholds": [choice.thresholds[label] for label in LABELS],
    }
    (folder / "model.json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")


def arrays_of(model: onnx.ModelProto) -> dict[str, Any]:
    """What the C network reads: the same numbers as the graph, without the graph."""
    wanted = ("in_", "out_", "w", "b", "gain", "shift", "step", "scale")
    value = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer if each.name.startswith(wanted)}
    epsilon = next(a.f for n in model.graph.node for a in n.attribute if a.name == "epsilon")
    return {**value, "epsilon": np.float32(epsilon)}


def restored(folder: Path) -> tuple[Network, np.ndarray[Any, Any]]:
    """A shipped model as a network whose embeddings stay as they are, rounding on; and its vocabulary."""
    with np.load(folder / "vocabulary.npz") as arrays:
        vocabulary, embedding = arrays["vocabulary"], arrays["embedding"].astype(np.float32)
    graph = onnx.load(folder / "network.onnx").graph
    value = {each.name: torch.tensor(numpy_helper.to_array(each)) for each in graph.initializer}
    net = Network(len(vocabulary), width=len(value["in_b"]))
    step = 1 / _FINE
    with torch.no_grad():
        net.emb.weight.copy_(torch.from_numpy(embedding * step))
        net.fine.fill_(step)
        net.inp.weight.copy_(value["in_w"].T / step)
        net.inp.bias.copy_(value["in_b"])
        net.out.weight.copy_(value["out_w"].T)
        net.out.bias.copy_(value["out_b"])
        for k, (mix, norm) in enumerate(zip(net.mix, net.ln, strict=True)):
            mix.weight.copy_(value[f"w{k}"].T.float() * value[f"scale{k}"][:, None])
            mix.bias.copy_(value[f"b{k}"])
            norm.weight.copy_(value[f"gain{k}"])
            norm.bias.copy_(value[f"shift{k}"])
            net.step[k] = value[f"step{k}"]
    net.emb.weight.requires_grad_(False)
    net.quantised = True
    return net, vocabulary


def _graph(net: Network, scale: np.ndarray[Any, Any]) -> onnx.ModelProto:
    """The network as ONNX: float at both ends, unsigned-by-signed integer products in the blocks."""
    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []

    def constant(name: str, value: Any) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(kind: str, inputs: list[str], **attributes: Any) -> str:
        name = f"{kind}_{len(nodes)}"
        nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def array(x: Tensor) -> np.ndarray[Any, Any]:
        return x.detach().numpy().astype(np.float32)

    h = node("MatMul", ["x", constant("in_w", array(net.inp.weight).T * scale[:, None])])
    h = node("Add", [h, constant("in_b", array(net.inp.bias))])
    zero = constant("zero", np.uint8(128))
    axis = constant("axis", np.array([0], np.int64))
    first, end = constant("first", np.array([0], np.int64)), constant("end", np.array([1 << 40], np.int64))
    for k, (distance, mix, norm) in enumerate(zip(DISTANCES, net.mix, net.ln, strict=True)):
        weight = array(mix.weight)
        column = np.abs(weight).max(1) / _LEVELS + 1e-12
        integers = np.clip(np.round(weight / column[:, None]), -_LEVELS, _LEVELS).astype(np.int8).T
        step = constant(f"step{k}", np.float32(net.step[k].item()))
        q = node("QuantizeLinear", [h, step, zero])
        around = constant(f"around{k}", np.array([distance, 0, distance, 0], np.int64))
        p = node("Pad", [q, around, zero])
        left = node("Slice", [p, first, constant(f"left{k}", np.array([-2 * distance], np.int64)), axis])
        right = node("Slice", [p, constant(f"right{k}", np.array([2 * distance], np.int64)), end, axis])
        seen = node("Concat", [left, q, right], axis=1)
        scales = constant(f"scale{k}", column.astype(np.float32))
        product = [seen, constant(f"w{k}", integers), step, scales, zero, "", constant(f"b{k}", array(mix.bias))]
        m = node("Relu", [node("MatMulIntegerToFloat", product, domain=_ORT)])
        gain, shift = constant(f"gain{k}", array(norm.weight)), constant(f"shift{k}", array(norm.bias))
        h = node("LayerNormalization", [node("Add", [h, m]), gain, shift], axis=-1, epsilon=norm.eps)
    h = node("MatMul", [h, constant("out_w", array(net.out.weight).T)])
    nodes.append(helper.make_node("Add", [h, constant("out_b", array(net.out.bias))], ["y"]))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["t", WIDTH_IN])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["t", TAGS])
    graph = helper.make_graph(nodes, "names", [x], [y], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(_ORT, 1)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    return model
