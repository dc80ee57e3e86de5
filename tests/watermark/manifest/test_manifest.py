"""C2PA manifests in 16 types: valid for another implementation, four kinds of evidence told apart, nothing fetched."""

from __future__ import annotations

import dataclasses
import io
import random
import socket
from typing import Any

import pytest

from tests.watermark.judges import bound_offset, pixels, samples_and_frames
from tests.watermark.sample_media import MANIFEST_TYPES, picture, sample
from watermark.aigc.boxes import boxes, child, item_locations
from watermark.errors import BadTrustAnchors, MarkingFailed, Unsupported
from watermark.manifest import EMBEDDED, carries_manifest, read_manifest, sign_manifest
from watermark.marking import Ingredient, MarkingKeys, Origin
from watermark.signer import ROOT, ContentSigner


def test_sixteen_types() -> None:
    assert set(MANIFEST_TYPES) == EMBEDDED
    assert len(EMBEDDED) == 16


@pytest.mark.parametrize("media_type", MANIFEST_TYPES)
def test_valid_for_us_and_for_another_implementation(
    media_type: str, origin: Origin, keys: MarkingKeys, anchors: bytes, independent: Any
) -> None:
    signed = sign_manifest(sample(media_type), media_type, origin, keys)
    evidence = read_manifest(signed.data, media_type, anchors)
    assert (evidence.integrity, evidence.trusted, evidence.synthetic) == ("valid", True, True)
    report = independent(signed.data, media_type)
    assert (report["integrity"], report["validation_state"]) == ("valid", "Trusted")
    assert signed.sidecar is None
    assert not signed.timestamped


@pytest.mark.parametrize(
    "media_type", [kind for kind in MANIFEST_TYPES if kind not in {"image/svg+xml", "application/pdf"}]
)
def test_signing_changes_no_pixel_and_no_sample(media_type: str, origin: Origin, keys: MarkingKeys) -> None:
    decoded = pixels if media_type.startswith("image/") else samples_and_frames
    assert decoded(sign_manifest(sample(media_type), media_type, origin, keys).data) == decoded(sample(media_type))


def test_pictures_whose_items_have_no_base_survive_it(origin: Origin, keys: MarkingKeys, anchors: bytes) -> None:
    """c2pa-rs 0.91 would move base and extent of each item, and so lose the picture."""
    data = bytearray(sample("image/heic"))
    meta = next(one for one in boxes(data) if one.kind == b"meta")
    table = child(data, meta, b"iloc", 4)
    assert table is not None
    for row in item_locations(data, table):
        assert row.base
        assert row.base_width == 4
        data[row.base_at : row.base_at + 4] = bytes(4)
        for extent in row.extents:
            data[extent.offset_at : extent.offset_at + 4] = (row.base + extent.offset).to_bytes(4, "big")
    plain = bytes(data)
    assert pixels(plain) == pixels(sample("image/heic"))
    signed = sign_manifest(plain, "image/heic", origin, keys).data
    assert pixels(signed) == pixels(plain)
    assert read_manifest(signed, "image/heic", anchors).integrity == "valid"


def test_what_it_says(origin: Origin, keys: MarkingKeys, anchors: bytes) -> None:
    evidence = read_manifest(sign_manifest(sample("image/png"), "image/png", origin, keys).data, "image/png", anchors)
    assert evidence.origin == {
        "flow": origin.flow,
        "produceId": f"{origin.flow}-0",
        "leaf": origin.leaf,
        "provider": "example",
        "system": "painter-2",
        "producer": "001191000000000000000000",
        "time": "2026-09-21T14:13:20Z",
    }
    assert evidence.signer == "Lexgate content signing, Example AG"
    assert evidence.generator.startswith("lexgate ")
    assert evidence.timestamp is None
    assert evidence.failures == ()


def test_ed25519_too(origin: Origin, tmp_path: Any) -> None:
    keys = MarkingKeys(ContentSigner.create(tmp_path, "Example AG", algorithm="ed25519"), bytes(32))
    for media_type in ("image/jpeg", "video/mp4", "application/pdf"):
        signed = sign_manifest(sample(media_type), media_type, origin, keys).data
        assert read_manifest(signed, media_type, (tmp_path / ROOT).read_bytes()).trusted


def test_integrity_and_trust_are_two_things(origin: Origin, keys: MarkingKeys, anchors: bytes) -> None:
    signed = sign_manifest(sample("image/png"), "image/png", origin, keys).data
    stranger = read_manifest(signed, "image/png")
    assert (stranger.integrity, stranger.trusted) == ("valid", False)
    assert stranger.failures == ("signingCredential.untrusted",)
    changed = _changed(signed, signed.rindex(b"IDAT") + 200)
    evidence = read_manifest(changed, "image/png", anchors)
    assert (evidence.integrity, evidence.trusted) == ("tampered", True)


def test_absent_tampered_and_broken_are_told_apart(origin: Origin, keys: MarkingKeys, anchors: bytes) -> None:
    plain = sample("image/jpeg")
    assert read_manifest(plain, "image/jpeg", anchors).integrity == "absent"
    signed = sign_manifest(plain, "image/jpeg", origin, keys).data
    assert read_manifest(_changed(signed, len(signed) - 100), "image/jpeg", anchors).integrity == "tampered"
    claim = signed.index(b"c2pa.claim.v2") + 30
    broken = signed[:claim] + bytes(200) + signed[claim + 200 :]
    assert read_manifest(broken, "image/jpeg", anchors).integrity in {"broken", "tampered"}
    assert read_manifest(b"no picture", "image/jpeg", anchors).integrity == "absent"
    assert read_manifest(b"", "", anchors).integrity == "absent"
    assert read_manifest(sample("image/png")[:3000], "image/png", anchors).integrity == "absent"
    whole = sign_manifest(sample("image/png"), "image/png", origin, keys).data
    assert read_manifest(whole[:-3000], "image/png", anchors).integrity == "broken"


@pytest.mark.parametrize("media_type", MANIFEST_TYPES)
def test_no_flipped_byte_reads_as_valid(media_type: str, origin: Origin, keys: MarkingKeys, anchors: bytes) -> None:
    """A few per type here; `python -m benchmarks.marking` flips a thousand."""
    original = sample(media_type)
    signed = sign_manifest(original, media_type, origin, keys).data
    chance = random.Random(media_type)
    for _ in range(6):
        changed = _changed(signed, bound_offset(signed, original, chance))
        assert read_manifest(changed, media_type, anchors).integrity != "valid"


def test_inputs_become_ingredients(origin: Origin, keys: MarkingKeys, anchors: bytes, independent: Any) -> None:
    theirs = sign_manifest(sample("image/png"), "image/png", origin, keys).data
    first = Ingredient("image/png", "00", theirs)
    second = Ingredient("image/jpeg", "11", sample("image/jpeg"))
    for ingredients, expected in (((first,), 1), ((first, second), 2)):
        made = dataclasses.replace(origin, index=1, ingredients=ingredients)
        for media_type in ("image/webp", "video/mp4"):
            signed = sign_manifest(sample(media_type), media_type, made, keys).data
            evidence = read_manifest(signed, media_type, anchors)
            assert (evidence.integrity, evidence.ingredients, evidence.synthetic) == ("valid", expected, True)
            assert independent(signed, media_type)["validation_state"] == "Trusted"


def test_inputs_that_cannot_be_ingredients_do_not_stop_the_output(origin: Origin, keys: MarkingKeys) -> None:
    odd = (
        Ingredient("text/plain", "aa", b"a prompt"),
        Ingredient("image/png", "bb", b"no picture"),
        Ingredient("image/jpeg", "cc", sample("image/png")),  # another type than it says
    )
    made = dataclasses.replace(origin, ingredients=odd)
    evidence = read_manifest(sign_manifest(sample("image/png"), "image/png", made, keys).data, "image/png")
    assert (evidence.integrity, evidence.ingredients) == ("valid", 1)


def test_the_providers_own_manifest_is_kept_as_our_parent(
    origin: Origin, keys: MarkingKeys, anchors: bytes, independent: Any
) -> None:
    provider = dataclasses.replace(origin, flow="provider", provider="them")
    came = sign_manifest(sample("image/png"), "image/png", provider, keys).data
    target = io.BytesIO()
    picture(seed=9).save(target, "PNG")  # our label was written on it, and its manifest got lost on the way
    signed = sign_manifest(target.getvalue(), "image/png", origin, keys, before=came).data
    evidence = read_manifest(signed, "image/png", anchors)
    assert (evidence.integrity, evidence.ingredients, evidence.origin["flow"]) == ("valid", 1, origin.flow)
    assert independent(signed, "image/png")["validation_state"] == "Trusted"


def test_types_that_carry_none(origin: Origin, keys: MarkingKeys) -> None:
    for media_type in ("text/plain", "", "audio/ogg"):
        with pytest.raises(Unsupported):
            sign_manifest(b"content", media_type, origin, keys)


def test_without_a_key_or_with_one_that_fails(
    origin: Origin, keys: MarkingKeys, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing:
        algorithm = "es256"
        certificates = keys.signer.certificates if keys.signer else b""

        def sign(self, data: bytes) -> bytes:
            raise ConnectionError("the key service is away")

    for signer in (None, Failing()):
        with pytest.raises(MarkingFailed) as failure:
            sign_manifest(sample("image/png"), "image/png", origin, dataclasses.replace(keys, signer=signer))
        assert "away" not in str(failure.value) + caplog.text


def test_what_is_no_picture_cannot_be_signed_as_one(origin: Origin, keys: MarkingKeys) -> None:
    for media_type in EMBEDDED - {"audio/mpeg"}:  # any bytes may be an MP3: players search for frames
        with pytest.raises(MarkingFailed):
            sign_manifest(b"nothing of that kind" * 20, media_type, origin, keys)


def test_a_manifest_elsewhere_is_named_and_not_fetched(origin: Origin, keys: MarkingKeys) -> None:
    import c2pa

    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/manifest.c2pa"
    signer = keys.signer
    assert signer is not None
    builder = c2pa.Builder({"claim_generator_info": [{"name": "other"}], "assertions": []})
    builder.set_no_embed()
    builder.set_remote_url(address)
    builder.set_intent(c2pa.C2paBuilderIntent.CREATE, c2pa.C2paDigitalSourceType.DIGITAL_CAPTURE)
    target = io.BytesIO()
    port = c2pa.Signer.from_callback(signer.sign, c2pa.C2paSigningAlg.ES256, signer.certificates.decode())
    builder.sign(port, "image/jpeg", io.BytesIO(sample("image/jpeg")), target)
    evidence = read_manifest(target.getvalue(), "image/jpeg")
    assert evidence.integrity == "absent"
    assert evidence.remote == address
    with pytest.raises(TimeoutError):
        listener.accept()
    listener.close()


def test_anchors_that_are_none_are_an_error_and_no_verdict(origin: Origin, keys: MarkingKeys) -> None:
    signed = sign_manifest(sample("image/png"), "image/png", origin, keys).data
    for anchors in (b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(BadTrustAnchors):
            read_manifest(signed, "image/png", anchors)
    assert read_manifest(signed, "image/png", b"  \n").integrity == "valid"


def test_whether_there_is_one(origin: Origin, keys: MarkingKeys) -> None:
    assert not carries_manifest(sample("image/png"), "image/png")
    assert carries_manifest(sign_manifest(sample("image/png"), "image/png", origin, keys).data, "image/png")


def _changed(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]
