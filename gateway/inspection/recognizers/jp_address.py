"""Japanese addresses: prefecture, place, block numbers and building, behind a postcode or a word for address."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

_PREFECTURE = (
    "北海道|東京都|京都府|大阪府|(青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉|千葉|神奈川|新潟|富山|石川|福井|山梨|長野|岐阜|静岡|愛知|三重"
    "|滋賀|兵庫|奈良|和歌山|鳥取|島根|岡山|広島|山口|徳島|香川|愛媛|高知|福岡|佐賀|長崎|熊本|大分|宮崎|鹿児島|沖縄)県"
)
_LETTER = r"[一-鿿ぁ-んァ-ヶー々〆ヵ]"
_NUMBERS = r"[0-9]{1,4}(?:(?:丁目|番地の?|番|号|[\-−‐ーのノ])[0-9]{0,4}){1,4}"
_BUILDING = r"(?:[ 　]?[一-鿿ァ-ヶーA-Za-z]{2,16}[0-9]{1,4}(?:号室|号|階|[Ff])?)?"
_PLACE = rf"(?:{_PREFECTURE}){_LETTER}{{2,24}}{_NUMBERS}{_BUILDING}"

RECOGNIZER = Recognizer(
    "jp_address",
    "ADDRESS",
    (
        shape("〒", rf"〒 ?[0-9]{{3}}-?[0-9]{{4}}(?:[ 　\n]{{0,2}}{_PLACE})?", score=0.94),
        shape(f"({_PREFECTURE})", _PLACE, score=0.93),
    ),
)
