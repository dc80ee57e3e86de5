"""One content-signing key for all tests of marks, and one origin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from watermark.marking import MarkingKeys, Origin
from watermark.signer import ROOT, ContentSigner


@pytest.fixture(scope="session")
def content_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("content-keys")
    ContentSigner.create(folder, "Example AG")
    return folder


@pytest.fixture(scope="session")
def keys(content_keys: Path) -> MarkingKeys:
    return MarkingKeys(ContentSigner.open(content_keys), invisible=bytes(32))


@pytest.fixture(scope="session")
def anchors(content_keys: Path) -> bytes:
    return (content_keys / ROOT).read_bytes()


@pytest.fixture(scope="session")
def origin() -> Origin:
    return Origin(
        flow="01a20df9-3283-77cd-a2c6-e6edd523db1a",
        index=0,
        leaf="ab" * 32,
        payload=0x1234_5678_9ABC_DEF0,
        model="painter-2",
        provider="example",
        producer="001191000000000000000000",
        time_us=1_790_000_000_000_000,
    )


@pytest.fixture(scope="session")
def independent(anchors: bytes, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """Another implementation's verdict (encypher-c2pa, which shares no code with c2pa-rs), offline."""
    encypher = pytest.importorskip("encypher_c2pa")

    def verdict(data: bytes, media_type: str, **options: Any) -> dict[str, Any]:
        report: dict[str, Any] = encypher.verify(
            data, media_type, trust_pem=anchors.decode(), no_default_trust=True, online=False, **options
        )
        return report

    return verdict
