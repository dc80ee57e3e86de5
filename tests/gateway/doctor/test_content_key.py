"""The key that signs manifests, as the doctor sees it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from gateway.doctor.content_key import content_key
from gateway.doctor.finding import Finding
from gateway.settings import Settings
from watermark.certificates import make_leaf, pem
from watermark.key_file import read_key
from watermark.signer import CHAIN, KEY, ROOT, ROOT_KEY, ContentSigner


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def examined(folder: Path, **marking: str) -> Finding:
    settings = Settings.model_validate(
        {"organisation": {"name": "Example AG"}, "keys": {"file": str(folder)}, "marking": marking}
    )
    (found,) = content_key(settings)
    return found


def test_none_yet(folder: Path) -> None:
    assert examined(folder).level == "good"
    assert not folder.exists(), "looking makes nothing"


def test_usable(folder: Path) -> None:
    ContentSigner.create(folder, "Example AG")
    found = examined(folder)
    assert found.level == "good"
    assert str(datetime.now(UTC).year + 2) in found.words


def test_ending_soon_and_ended(folder: Path) -> None:
    signer = ContentSigner.create(folder, "Example AG")
    root_key = read_key(folder / ROOT_KEY, "content-root")
    root = x509.load_pem_x509_certificate((folder / ROOT).read_bytes())
    for age, level in ((690, "warning"), (740, "problem")):
        made = datetime.now(UTC) - timedelta(days=age)
        (folder / CHAIN).write_bytes(pem(make_leaf(signer._key, root, root_key, made)))
        assert examined(folder).level == level


def test_damaged(folder: Path) -> None:
    ContentSigner.create(folder, "Example AG")
    (folder / KEY).write_text("nothing")
    found = examined(folder)
    assert (found.level, found.check) == ("problem", "content key")


def test_an_operators_own(folder: Path, tmp_path: Path) -> None:
    ContentSigner.create(tmp_path / "own", "Own CA")
    own = {"key": str(tmp_path / "own" / KEY), "certificates": str(tmp_path / "own" / CHAIN)}
    assert examined(folder, **own).level == "good"
    found = examined(folder, key=str(tmp_path / "absent"), certificates=own["certificates"])
    assert found.level == "problem"
    assert "marking.key" in found.remedy
