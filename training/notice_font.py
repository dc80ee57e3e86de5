"""Cuts the fonts that explicit labels are written with: the glyphs of all notices, ASCII, and nothing else.

    python -m training.notice_font NotoSansCJK-Bold.ttc NotoSansDevanagari-Bold.ttf

(Debian: fonts-noto-cjk, fonts-noto-core.) Needs fonttools and uharfbuzz; the same fonts give the same bytes. Writes into
watermark/explicit/font/: one TrueType file per script, and runs.json: glyph number, advance, offset and text of each character, and of each
notice in Devanagari already shaped; a PDF needs them, and Devanagari cannot do without.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import uharfbuzz
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, newTable

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "watermark" / "explicit" / "font"
STANDARD = "人工智能生成合成"  # the words of GB 45438-2025, for wordings that an operator chooses
EPOCH = 3_786_912_000  # 2024-01-01, in the seconds of TrueType: no clock in the output


def main(cjk: str, devanagari: str) -> None:
    notices = json.loads((ROOT / "watermark" / "profiles.json").read_text(encoding="utf-8"))["notices"]
    indian = {text for text in notices.values() if any("\u0900" <= character <= "\u097f" for character in text)}
    ascii_text = "".join(map(chr, range(0x20, 0x7F)))
    runs: dict[str, Any] = {}
    cut(
        TTFont(cjk, fontNumber=simplified_chinese(cjk)),
        {*notices.values()} - indian | {STANDARD, ascii_text},
        "cjk",
        runs,
    )
    cut(TTFont(devanagari), indian, "devanagari", runs)
    runs = dict(sorted(runs.items()))
    lines = ",\n".join(json.dumps({text: run}, ensure_ascii=False)[1:-1] for text, run in runs.items())
    (FOLDER / "runs.json").write_text("{\n" + lines + "\n}\n", encoding="utf-8")


def simplified_chinese(path: str) -> int:
    """Which font of the collection has the mainland's glyphs."""
    names = [TTFont(path, fontNumber=number, lazy=True)["name"].getDebugName(1) for number in range(10)]
    return names.index("Noto Sans CJK SC")


def cut(font: TTFont, texts: set[str], name: str, runs: dict[str, Any]) -> None:
    options = Options(layout_features=["*"], name_IDs=[0, 1, 2, 3, 5, 13, 14], notdef_outline=True, hinting=False)
    if name == "cjk":
        options.layout_features = []
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "DSIG", "gasp", "STAT"]
    subsetter = Subsetter(options)
    subsetter.populate(text="".join(sorted(texts)))
    subsetter.subset(font)
    if "CFF " in font:
        quadratic(font)
    font["head"].created = font["head"].modified = EPOCH
    font.recalcTimestamp = False
    path = FOLDER / f"notice-{name}.ttf"
    font.save(path, reorderTables=True)
    for text in sorted(texts):
        if name == "cjk":  # nothing is shaped here: a glyph for each character
            runs |= {character: shaped(path, character, name) for character in text}
        else:
            runs[text] = shaped(path, text, name)


def quadratic(font: TTFont) -> None:
    """From cubic outlines (CFF) to TrueType's, which every reader of PDF embeds alike."""
    glyphs = font.getGlyphSet()
    order = font.getGlyphOrder()
    outlines = {}
    for glyph in order:
        pen = TTGlyphPen(None)
        glyphs[glyph].draw(Cu2QuPen(pen, 0.6, reverse_direction=True))
        outlines[glyph] = pen.glyph()
    table = newTable("glyf")
    table.glyphOrder, table.glyphs = order, outlines
    font["glyf"], font["loca"] = table, newTable("loca")
    del font["CFF "]
    font["maxp"].tableVersion = 0x00010000
    for field in ("maxZones", "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs",
                  "maxStackElements", "maxSizeOfInstructions", "maxComponentElements"):  # fmt: skip
        setattr(font["maxp"], field, 1 if field == "maxZones" else 0)
    font["post"].formatType, font.sfntVersion = 3.0, "\x00\x01\x00\x00"
    for glyph, (advance, _) in font["hmtx"].metrics.items():
        outline = table.glyphs[glyph]
        outline.recalcBounds(table)
        font["hmtx"].metrics[glyph] = (advance, getattr(outline, "xMin", 0))


def shaped(path: Path, text: str, name: str) -> dict[str, Any]:
    """Glyphs in the order in which they are drawn: number, advance, offset, characters (the cluster's on its first)."""
    font = uharfbuzz.Font(uharfbuzz.Face(path.read_bytes()))
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    uharfbuzz.shape(font, buffer)
    starts = sorted({info.cluster for info in buffer.glyph_infos} | {len(text)})
    seen: set[int] = set()
    glyphs = []
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        end = starts[starts.index(info.cluster) + 1]
        said = "" if info.cluster in seen else text[info.cluster : end]
        seen.add(info.cluster)
        if info.codepoint == 0:
            raise SystemExit(f"{path.name} lacks a glyph of {said!r}")
        glyphs.append([info.codepoint, position.x_advance, position.x_offset, said])
    return {"font": name, "glyphs": glyphs}


if __name__ == "__main__":
    main(*sys.argv[1:])
