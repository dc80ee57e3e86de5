"""Addresses of wallets: Bitcoin, Litecoin, Dogecoin, Tron (Base58Check), Bech32, Ethereum and its kin."""

from __future__ import annotations

from gateway.inspection.checksums import base58check
from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer, shape

_CUE = r"(?:\bbtc\b|bitcoin|crypto|wallet|ltc|doge|tron|trx|usdt|比特币|钱包|coin)"


def _mixed(value: str) -> bool:
    return any(c.isdigit() for c in value) and any(c.islower() for c in value) and any(c.isupper() for c in value)


RECOGNIZER = Recognizer(
    "crypto_wallet",
    "CRYPTO",
    (
        shape(
            r"\b[13LMDT][1-9A-HJ-NP-Za-km-z]{25,34}\b",
            r"(?<![0-9A-Za-z])[13LMDT][1-9A-HJ-NP-Za-km-z]{25,34}(?![0-9A-Za-z])",
            check=lambda value: 1.0 if base58check(value) else False,
        ),
        shape(
            r"\b[13LMDTr][1-9A-HJ-NP-Za-km-z]{25,34}\b",
            r"(?<![0-9A-Za-z])[13LMDTr][1-9A-HJ-NP-Za-km-z]{25,34}(?![0-9A-Za-z])",
            check=_mixed,
            cue=_CUE,
            score=0.85,
        ),
        shape(
            r"\b(bc1|ltc1|tb1)[02-9ac-hj-np-z]{20}",
            r"(?<![0-9A-Za-z])(?:bc1|ltc1|tb1)[02-9ac-hj-np-z]{25,87}(?![0-9A-Za-z])",
            score=0.96,
        ),
        named(
            r"solana|phantom|\bsol (address|wallet)|索拉纳",
            r"[1-9A-HJ-NP-Za-km-z]{32,44}",
            check=_mixed,
            gap=24,
            score=0.9,
        ),
        shape(r"\b0x[0-9a-fA-F]{40}\b", r"(?<![0-9A-Za-z])0x[0-9a-fA-F]{40}(?![0-9A-Za-z])", score=0.9),
        shape(
            r"\b4[0-9AB][1-9A-HJ-NP-Za-km-z]{40}",
            r"(?<![0-9A-Za-z])4[0-9AB][1-9A-HJ-NP-Za-km-z]{93}(?![0-9A-Za-z])",
            score=0.9,
        ),
    ),
)
