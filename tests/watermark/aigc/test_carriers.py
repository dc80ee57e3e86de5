"""The AIGC label in 17 types: once, read by others, and nothing else changed."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from xml.dom import minidom

import docx
import openpyxl
import pptx
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.watermark.judges import exiftool_labels, ffprobe_labels, need, pixels, samples_and_frames
from tests.watermark.sample_media import AIGC_TYPES, DOCX, PPTX, XLSX, film, sample, sound
from watermark.aigc import AIGC_TYPES as CARRIED
from watermark.aigc import AigcLabel, ours, read_aigc, write_aigc
from watermark.aigc.boxes import box, boxes, children, splice
from watermark.errors import MalformedMedia, Unsupported, WatermarkError
from watermark.manifest import sign_manifest
from watermark.marking import MarkingKeys, Origin
from watermark.media_types import sniff

LABEL = ours("001191000000000000000000", "01a20df9-3283-77cd-a2c6-e6edd523db1a-0")
OTHER = AigcLabel("2", 'somebody <else> & "co"', "their-id")
OFFICE = (DOCX, XLSX, PPTX)
EXPECTED = json.loads(LABEL.as_json())


def test_seventeen_types() -> None:
    assert set(AIGC_TYPES) == CARRIED
    assert len(CARRIED) == 17


@pytest.mark.parametrize("media_type", AIGC_TYPES)
def test_exactly_one_label_that_replaces_what_was_there(media_type: str) -> None:
    first = write_aigc(sample(media_type), media_type, OTHER)
    assert read_aigc(first, media_type) == (OTHER,)
    second = write_aigc(first, media_type, LABEL)
    assert read_aigc(second, media_type) == (LABEL,)
    assert b"their-id" not in second
    assert sniff(second, media_type) == media_type


@pytest.mark.parametrize("media_type", [kind for kind in AIGC_TYPES if kind not in OFFICE])
def test_exiftool_reads_it_once_and_c2pa_holds(
    media_type: str, tmp_path: Path, origin: Origin, keys: MarkingKeys, independent: Any
) -> None:
    marked = write_aigc(sample(media_type), media_type, LABEL)
    assert [json.loads(text) for text in exiftool_labels(marked, media_type, tmp_path)] == [EXPECTED]
    signed = sign_manifest(marked, media_type, origin, keys).data
    assert [json.loads(text) for text in exiftool_labels(signed, media_type, tmp_path)] == [EXPECTED]
    assert read_aigc(signed, media_type) == (LABEL,)
    assert independent(signed, media_type)["validation_state"] == "Trusted"


@pytest.mark.parametrize("media_type", ["video/mp4", "video/quicktime", "audio/mp4", "audio/mpeg", "audio/flac"])
def test_ffprobe_reads_it_once(media_type: str, tmp_path: Path) -> None:
    marked = write_aigc(sample(media_type), media_type, LABEL)
    assert [json.loads(text) for text in ffprobe_labels(marked, media_type, tmp_path)] == [EXPECTED]


def test_office_documents_hold_it_as_a_custom_property() -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_aigc(sample(XLSX), XLSX, LABEL)))
    assert [(one.name, json.loads(one.value)) for one in book.custom_doc_props.props] == [("AIGC", EXPECTED)]
    for media_type, opened in ((DOCX, docx.Document), (PPTX, pptx.Presentation)):
        package = opened(io.BytesIO(write_aigc(sample(media_type), media_type, LABEL))).part.package
        custom = [part for part in package.iter_parts() if str(part.partname) == "/docProps/custom.xml"]
        assert len(custom) == 1
        assert custom[0].blob.count(b'name="AIGC"') == 1


@pytest.mark.parametrize("media_type", OFFICE)
def test_exiftool_reads_office_documents_where_it_can(media_type: str, tmp_path: Path) -> None:
    if subprocess.run(["perl", "-MArchive::Zip", "-e", "1"], capture_output=True, check=False).returncode:
        pytest.skip("exiftool cannot open zip archives here (Debian: libarchive-zip-perl)")
    marked = write_aigc(sample(media_type), media_type, LABEL)
    assert [json.loads(text) for text in exiftool_labels(marked, media_type, tmp_path)] == [EXPECTED]


def test_libreoffice_shows_it_as_a_property_of_the_document(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(write_aigc(sample(DOCX), DOCX, LABEL))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [need("soffice"), profile, "--headless", "--convert-to", "fodt", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(tmp_path / "a.docx")], check=True, capture_output=True, timeout=120)
    opened = minidom.parse(str(tmp_path / "a.fodt"))
    fields = [
        one for one in opened.getElementsByTagName("meta:user-defined") if one.getAttribute("meta:name") == "AIGC"
    ]
    assert [json.loads(one.firstChild.data) for one in fields] == [EXPECTED]


def test_pdf_readers_find_it_in_the_information_dictionary() -> None:
    reader = pypdf.PdfReader(io.BytesIO(write_aigc(sample("application/pdf"), "application/pdf", LABEL)))
    assert json.loads(reader.metadata["/AIGC"]) == EXPECTED
    assert reader.pages[0].extract_text() == "A page of text"


@pytest.mark.parametrize("media_type", [kind for kind in AIGC_TYPES if kind.startswith("image/")])
def test_no_pixel_changes(media_type: str) -> None:
    assert pixels(write_aigc(sample(media_type), media_type, LABEL)) == pixels(sample(media_type))


@pytest.mark.parametrize("media_type", [kind for kind in AIGC_TYPES if kind.startswith(("audio/", "video/"))])
def test_no_sample_changes(media_type: str) -> None:
    marked = write_aigc(write_aigc(sample(media_type), media_type, OTHER), media_type, LABEL)
    assert samples_and_frames(marked) == samples_and_frames(sample(media_type))


@pytest.mark.parametrize("media_type", OFFICE)
def test_no_other_part_changes(media_type: str) -> None:
    before = _parts(sample(media_type))
    after = _parts(write_aigc(sample(media_type), media_type, LABEL))
    new = {"docProps/custom.xml", "[Content_Types].xml", "_rels/.rels"}
    assert {name: data for name, data in after.items() if name not in new} == {
        name: data for name, data in before.items() if name not in new
    }


def test_films_whose_index_comes_first_keep_playing() -> None:
    for movflags in ("faststart", "frag_keyframe+empty_moov", "frag_keyframe", "faststart+use_metadata_tags"):
        before = film("mp4", movflags=movflags)
        after = write_aigc(before, "video/mp4", LABEL)
        assert read_aigc(after, "video/mp4") == (LABEL,)
        assert samples_and_frames(after) == samples_and_frames(before), movflags


def test_other_metadata_stays() -> None:
    tagged = sound("mp3", "mp3", id3v2_version="3")
    import mutagen.id3

    file = io.BytesIO(tagged)
    tags = mutagen.id3.ID3(file)
    tags.add(mutagen.id3.TIT2(encoding=3, text=["A title"]))
    file.seek(0)
    tags.save(file, v2_version=3)
    marked = mutagen.id3.ID3(io.BytesIO(write_aigc(file.getvalue(), "audio/mpeg", LABEL)))
    assert marked.version == (2, 3, 0)
    assert str(marked["TIT2"]) == "A title"


def test_xmp_of_others_stays(tmp_path: Path) -> None:
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Description rdf:about="" '
        b'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/" TC260:AIGC="{&quot;Label&quot;:&quot;3&quot;}">'
        b"<dc:creator><rdf:Seq><rdf:li>A. Painter</rdf:li></rdf:Seq></dc:creator></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    from tests.watermark.sample_media import picture

    for form, media_type in (
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("TIFF", "image/tiff"),
    ):
        target = io.BytesIO()
        if form == "TIFF":
            picture().save(target, form, tiffinfo={700: packet})
        elif form == "PNG":
            from PIL.PngImagePlugin import PngInfo

            info = PngInfo()
            info.add_itxt("XML:com.adobe.xmp", packet.decode())
            picture().save(target, form, pnginfo=info)
        else:
            picture().save(target, form, xmp=packet)
        assert [one.label for one in read_aigc(target.getvalue(), media_type)] == ["3"]
        marked = write_aigc(target.getvalue(), media_type, LABEL)
        assert read_aigc(marked, media_type) == (LABEL,)
        assert b"A. Painter" in marked
        assert [json.loads(text) for text in exiftool_labels(marked, media_type, tmp_path)] == [EXPECTED]


def test_a_packet_that_is_no_xml_or_means_harm_is_replaced() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&b;</x:xmpmeta>'
    from tests.watermark.sample_media import picture

    for packet in (b"no xml", bomb, b"<a/>", b""):
        target = io.BytesIO()
        picture().save(target, "JPEG", xmp=packet)
        assert read_aigc(write_aigc(target.getvalue(), "image/jpeg", LABEL), "image/jpeg") == (LABEL,)


def test_many_keys_and_items_take_no_longer_than_their_number() -> None:
    """Ten thousand of each: looked at once, not each for each."""
    keys = box(b"keys", bytes(4), (10_000).to_bytes(4, "big"), box(b"mdta", b"other") * 10_000)
    items = box(b"ilst", *(box(n.to_bytes(4, "big"), box(b"data", bytes(8), b"x")) for n in range(1, 10_001)))
    handler = box(b"hdlr", bytes(8) + b"mdta" + bytes(13))
    whole = sample("video/quicktime")
    moov = next(one for one in boxes(whole) if one.kind == b"moov")
    user = box(b"udta", box(b"meta", bytes(4), handler, keys, items))
    kept = [whole[one.start : one.end] for one in children(whole, moov) if one.kind != b"udta"]
    crowded = bytes(splice(whole, moov.start, moov.end, box(b"moov", *kept, user)))
    assert read_aigc(write_aigc(crowded, "video/quicktime", LABEL), "video/quicktime") == (LABEL,)


def test_types_without_a_place_for_it() -> None:
    with pytest.raises(Unsupported):
        write_aigc(b"text", "text/plain", LABEL)
    assert read_aigc(b"text", "text/plain") == ()


def test_an_encrypted_pdf_is_refused_clearly() -> None:
    import pikepdf

    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(sample("application/pdf"))) as pdf:
        pdf.save(target, encryption=pikepdf.Encryption(owner="o", user=""))
    with pytest.raises(MalformedMedia, match="encrypted"):
        write_aigc(target.getvalue(), "application/pdf", LABEL)


@pytest.mark.parametrize("media_type", AIGC_TYPES)
@settings(max_examples=12)
@given(data=st.data())
def test_hostile_bytes_end_in_a_clear_error(media_type: str, data: st.DataObject) -> None:
    """Cut anywhere, or with lengths and types overwritten: a file or a WatermarkError, never anything else."""
    whole = write_aigc(sample(media_type), media_type, OTHER)
    if data.draw(st.booleans()):
        whole = whole[: data.draw(st.integers(0, len(whole)))]
    else:
        damaged = bytearray(whole)
        reach = len(damaged) - 1 if data.draw(st.booleans()) else min(400, len(damaged) - 1)
        for at in data.draw(st.lists(st.integers(0, reach), min_size=1, max_size=8)):
            damaged[at] = data.draw(st.sampled_from((0, 1, 0x7F, 0x80, 0xFF)))
        whole = bytes(damaged)
    for work in (lambda: read_aigc(whole, media_type), lambda: write_aigc(whole, media_type, LABEL)):
        with contextlib.suppress(WatermarkError):
            work()


def _parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
