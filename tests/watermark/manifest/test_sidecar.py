"""Manifests in a file of their own, and the structures that they are made of."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.watermark.sample_media import DOCX, PPTX, XLSX, sample
from watermark.errors import MarkingFailed
from watermark.manifest import read_manifest, sign_sidecar
from watermark.manifest.cbor import Tagged, encode
from watermark.manifest.timestamp import query
from watermark.marking import Ingredient, MarkingKeys, Origin


@pytest.mark.parametrize("media_type", [DOCX, XLSX, PPTX])
def test_office_documents(media_type: str, origin: Origin, keys: MarkingKeys, anchors: bytes, independent: Any) -> None:
    signed = sign_sidecar(sample(media_type), origin, keys)
    assert signed.data == sample(media_type)
    evidence = read_manifest(signed.data, media_type, anchors, signed.sidecar)
    assert (evidence.integrity, evidence.trusted, evidence.synthetic) == ("valid", True, True)
    assert evidence.origin["produceId"] == origin.produce_id
    report = independent(signed.data, media_type, manifest_store=signed.sidecar)
    assert (report["integrity"], report["validation_state"]) == ("valid", "Trusted")


def test_it_belongs_to_these_bytes_only(origin: Origin, keys: MarkingKeys, anchors: bytes, independent: Any) -> None:
    signed = sign_sidecar(sample(DOCX), origin, keys)
    other = signed.data[:-1] + b"?"
    assert read_manifest(other, DOCX, anchors, signed.sidecar).integrity == "tampered"
    assert independent(other, DOCX, manifest_store=signed.sidecar)["integrity"] == "invalid"


def test_any_type_at_all(origin: Origin, keys: MarkingKeys, anchors: bytes) -> None:
    for content, media_type in ((b"a, b\n1, 2\n", "text/csv"), (b"\x00\x01", ""), (b"OggS" + bytes(60), "audio/ogg")):
        signed = sign_sidecar(content, origin, keys)
        evidence = read_manifest(content, media_type, anchors, signed.sidecar)
        assert (evidence.integrity, evidence.trusted) == ("valid", True)


def test_a_changed_store_does_not_hold(origin: Origin, keys: MarkingKeys, anchors: bytes) -> None:
    signed = sign_sidecar(b"content", origin, keys)
    store = signed.sidecar or b""
    claim, signature = store.index(b"c2pa.claim.v2") + 22, store.index(b"c2pa.signature\x00")
    places = [  # frames of boxes are not signed; what they hold is
        *range(store.index(b"c2pa.actions.v2"), store.index(b"c2cl") - 16, 11),
        *range(claim, signature - 40, 11),
        *range(len(store) - 64, len(store), 7),
    ]
    for at in places:
        changed = store[:at] + bytes([store[at] ^ 0x55]) + store[at + 1 :]
        evidence = read_manifest(b"content", "", anchors, changed)
        assert evidence.integrity != "valid", at
    for junk in (b"", b"junk", store[:100], store[:-1]):
        assert read_manifest(b"content", "", anchors, junk).integrity in {"absent", "broken", "tampered"}


def test_inputs_are_told_by_their_digests(origin: Origin, keys: MarkingKeys) -> None:
    made = dataclasses.replace(origin, ingredients=(Ingredient("text/plain", "ab" * 32, b"the prompt itself"),))
    store = sign_sidecar(b"content", made, keys).sidecar or b""
    assert b"ab" * 32 in store
    assert b"the prompt itself" not in store


def test_without_a_key(origin: Origin, keys: MarkingKeys) -> None:
    with pytest.raises(MarkingFailed):
        sign_sidecar(b"content", origin, dataclasses.replace(keys, signer=None))


def test_cbor_of_rfc_8949() -> None:
    """Appendix A of the RFC, as far as manifests go."""
    vectors = {
        0: "00", 23: "17", 24: "1818", 100: "1864", 1000: "1903e8", 1000000: "1a000f4240",
        18446744073709551615: "1bffffffffffffffff", -1: "20", -1000: "3903e7", None: "f6",
        "": "60", "IETF": "6449455446", "水": "63e6b0b4", b"\x01\x02\x03\x04": "4401020304",
    }  # fmt: skip
    for value, expected in vectors.items():
        assert encode(value).hex() == expected
    assert (encode(False).hex(), encode(True).hex(), encode(0).hex()) == ("f4", "f5", "00")
    assert encode([1, [2, 3], [4, 5]]).hex() == "8301820203820405"
    assert encode({"a": 1, "b": [2, 3]}).hex() == "a26161016162820203"
    assert encode(Tagged(1, 1363896240)).hex() == "c11a514b67b0"
    for odd in (1.5, 1 << 64, {1, 2}):
        with pytest.raises(TypeError):
            encode(odd)


def test_a_time_stamp_query_is_der_that_openssl_reads(tmp_path: Any) -> None:
    import shutil
    import subprocess

    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    for nonce in (bytes(8), b"\xff" * 8, b"\x80" + bytes(7)):
        (tmp_path / "q").write_bytes(query(bytes(range(32)), nonce))
        command = [openssl, "ts", "-query", "-in", str(tmp_path / "q"), "-text"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "Hash Algorithm: sha256" in told
        assert "Certificate required: yes" in told
