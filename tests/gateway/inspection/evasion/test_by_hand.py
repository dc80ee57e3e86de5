"""Disguises as people and attackers write them, by hand: between ⟦ and ⟧ stands what has to be found, no more and no less.

Written without sight of the generated cases, some of them missed then; one or a few stand for each kind.
"""

from __future__ import annotations

import base64

import pytest

from gateway.inspection.engine import Engine

CARD, OTHER_CARD, RESIDENT, IBAN, SSN = (
    "4622761449285698",
    "4155120513560913",
    "310104199211257768",
    "DE34370400440987654321",
    "219-09-9341",
)
KEY = "AKIAHLLWWZQMAXDFGG56"


def _shifted(value: str, zero: int) -> str:
    return "".join(chr(zero + int(sign)) if sign.isdigit() else sign for sign in value)


def _spelled(value: str, words: str, sign: str = " ") -> str:
    return sign.join(words.split()[int(digit)] for digit in value)


def _dump(size: int) -> str:
    """The card in a dump, a blank more between two groups of bytes."""
    return "  ".join(CARD[at : at + size].encode().hex(" ") for at in range(0, len(CARD), size))


GERMAN = "null eins zwei drei vier fünf sechs sieben acht neun"
FRENCH = "zéro un deux trois quatre cinq six sept huit neuf"
SPANISH = "cero uno dos tres cuatro cinco seis siete ocho nueve"
WIDE = base64.b64encode(f"card {CARD}".encode("utf-16-le")).decode()

CASES = {
    "CREDIT_CARD": [
        # signs that nobody sees, and digits of scripts outside the first plane
        f"my card ⟦{chr(0x2800).join(CARD)}⟧ works",
        f"my card ⟦{chr(0xFFF9).join(CARD)}⟧ works",
        f"my card ⟦{chr(0x1D173).join(CARD)}⟧ works",
        f"pay with ⟦{_shifted(CARD, 0x1E950)}⟧",
        f"pay with ⟦{_shifted(CARD, 0x104A0)}⟧",
        f"use ⟦{''.join('⓿❶❷❸❹❺❻❼❽❾'[int(digit)] for digit in CARD)}⟧ for it",
        f"use ⟦{''.join('⓪⑴⑵⑶⑷⑸⑹⑺⑻⑼'[int(digit)] for digit in CARD)}⟧ for it",
        f"struck out: ⟦{''.join(digit + chr(0x336) for digit in CARD)}⟧",
        "the Visa is ⟦41551205135б0913⟧ ok",
        # shown from right to left
        f"Charge \u202e⟦{CARD[::-1]}⟧\u202c for the tickets.",
        # any signs between any digits
        "card number ⟦4622 76 144 928 5698⟧ hope that works",
        "card number ⟦46 22 76 14 49 28 56 98⟧ hope that works",
        f"card = ⟦{'...'.join(CARD)}⟧",
        "carte (⟦4155)(1205)(1356)(0913⟧) expire 04/28",
        "Card: ⟦4622—7614—4928—5698⟧ thanks",
        "**⟦4622**7614**4928**5698⟧**",
        'csv "⟦4622","7614","4928","5698⟧"',
        "\\newcommand{\\card}{⟦4155\\,1205\\,1356\\,0913⟧}",
        f'{{"digits":[⟦{",".join(CARD)}⟧],"type":"visa"}}',
        "card ⟦4622\n- 7614\n- 4928\n- 5698⟧\nin four bullets",
        "my Visa card, ⟦4622 7614  4928.5698⟧, 09/27",
        # in words
        f"Karte: ⟦{_spelled(CARD, GERMAN)}⟧, gültig bis Mai",
        f"carte bancaire: ⟦{_spelled(CARD, FRENCH, ', ')}⟧",
        f"la tarjeta es ⟦{_spelled(CARD, SPANISH, '-')}⟧.",
        f"card: ⟦{_spelled(CARD, 'Zero One Two Three Four Five Six Seven Eight Nine', '')}⟧",
        "my visa: ⟦forty-six twenty-two seventy-six fourteen forty-nine twenty-eight fifty-six ninety-eight⟧",
        # entities, escapes and codes
        f"<p>Card: ⟦{''.join(f'&#{ord(digit):010};' for digit in CARD)}⟧</p>",
        "Card ⟦4622&NoBreak;7614&NoBreak;4928&NoBreak;5698⟧ ok",
        f'js: "⟦{"".join(f"{chr(92)}{ord(digit):03o}" for digit in CARD)}⟧"',
        f'py: "⟦{"".join(f"{chr(92)}U{ord(digit):08x}" for digit in CARD)}⟧"',
        f"quoted: ⟦{''.join(f'={ord(digit):02X}' for digit in CARD)}⟧",
        f"base32: ⟦{base64.b32encode(CARD.encode()).decode().rstrip('=')}⟧======",
        f"powershell -enc {WIDE[:13]}⟦{WIDE[13:56]}⟧{WIDE[56:]}",
        f"fromCharCode(⟦{','.join(str(ord(digit)) for digit in CARD)}⟧)",
        f"bits ⟦{' '.join(f'{ord(digit):08b}' for digit in CARD)}⟧",
        f"0x⟦{OTHER_CARD.encode().hex()}⟧",
        f"dump ⟦{' '.join(CARD[i : i + 2].encode().hex() for i in range(0, 16, 2))}⟧ end",
        *(f"in groups of {size} ⟦{_dump(size)}⟧ end" for size in (4, 5, 6, 8)),
        # strings and lines put together
        "SELECT '⟦46227614' || '49285698⟧'",
        'card = (\n    "⟦46227614"  # first half\n    "49285698⟧"\n)',
        'x = "⟦4622"/*x*/+"7614"/*y*/+"4928"/*z*/+"5698⟧"',
        "+card: ⟦46227614\n+      49285698⟧\n+exp: 11/27",
        "REM ⟦46227614\nREM 49285698⟧\n",
    ],
    "CN_ID": [
        f"身份证倒写：\u202e⟦{RESIDENT[::-1]}⟧\u202c",
        f"身份证号 ⟦{'、'.join(RESIDENT)}⟧ 麻烦查一下",
        "身份证 ⟦310 104 1992 1125 7768⟧",
        "身份证 ⟦yi yi ling yi ling wu yi jiu ba qi ling san yi er wu ba er X⟧",
        "身份证 ⟦yiyilingyilingwuyijiubaqilingsanyierwubaerx⟧",
        "身份证号 ⟦11010519870312582×⟧ 请登记",
    ],
    "PHONE": [
        "手机号码 ⟦1 50 21 88 74 06⟧",
        "手机号 ⟦yi1 qi1 qi1 yi1 ling2 san1 wu3 jiu3 er4 liu4 si4⟧",
        "手机号 ⟦YiBaLiuLiuWuLingErSanJiuYiQi⟧",
        "Meine Handynummer: ⟦null eins fünf eins zwo drei vier fünf sechs sieben acht neun⟧",
        "mon téléphone: ⟦zéro six douze trente-quatre cinquante-six soixante-dix-huit⟧",
    ],
    "US_SSN": [
        f"SSN: ⟦{SSN.replace('-', '–')}⟧ on the claim",
        "SSN: ⟦2l9-O9-934l⟧",
        "SSN ⟦219-09-\n9341⟧ on file",
        "My social security number is ⟦two one nine dash zero nine dash nine three four one⟧.",
    ],
    "IBAN": [
        "IBAN ⟦ES91.2100.0418.4502.0005.1332⟧ gracias",
        "IBAN ⟦AT2 919 043 002 345 737 77⟧",
        f"IBAN ⟦{'-'.join('NL13ABNA0498123456')}⟧",
        f"IBAN ⟦DE {_spelled(IBAN[2:], GERMAN)}⟧",
    ],
    "EMAIL": [
        "邮箱是⟦liwei_chen@163。com⟧，收到请回复",
        "Écris à ⟦claire.dupuis arobase orange point fr⟧",
        "Escribe a ⟦lucia.romero arroba correo punto es⟧",
        "Mail: ⟦m.okafor82<!-- nospam -->@gmail<!-- x -->.com⟧",
    ],
    "API_KEY": [
        f"const k = '⟦{KEY[:8]}' + '{KEY[8:]}⟧';",
        'k = "⟦ghp_" "MXrpbhNHwPHepXkZIbwN" "ddqqx0qZ77HpYTLj⟧"',
        "the key is ⟦sk_live_aQZ2sHmm\nNvloyPenka184Djj⟧ for billing",
        "openai_key: >-\n  ⟦sk-proj-HGNLW3vEnwVdLaseLHIFLn\n  Tuk6HJhvWw0ckRWHpOJ4Z1FDVe⟧\nmodel: x",
        "GITHUB_TOKEN=⟦ghp_MXrpbhNHwPHepXkZ\\\nIbwNddqqx0qZ77HpYTLj⟧",
        "the access key is ⟦AKIA HLLW WZQM AXDF GG56⟧",
    ],
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(names=False)


@pytest.mark.parametrize(("label", "marked"), [(label, text) for label, texts in CASES.items() for text in texts])
def test_a_disguised_value_is_found_from_its_first_sign_to_its_last(label: str, marked: str, engine: Engine) -> None:
    text = marked.replace("⟦", "").replace("⟧", "")
    found = [text[span.start : span.end] for span in engine.inspect(text) if span.label == label]
    assert found == [marked[marked.index("⟦") + 1 : marked.index("⟧")]]


@pytest.mark.parametrize(
    "text",
    [
        "The card game has 4 suits, 13 ranks, 52 cards; deal 5, 5, 5 and 5 to four players.",
        "Visa applications: 2019: 4,512; 2020: 1,205; 2021: 2,310; 2022: 3,877.",
        "Karte 3, Seite 12-15, Maßstab 1:25000, Blatt 4711",
        "card: one, two, three, four, five, six, seven",
        "telefon eins zwei drei",
        "手机电池5000毫安，屏幕6.7英寸，内存12+256，售价3999元",
        "The phone has 2 SIMs, 3 cameras, 4 speakers, 5 microphones, 6 sensors, 7 colors, 8 cores",
        "| 2301 | 4410 | 5120 | 6033 |\n| 2302 | 4411 | 5121 | 6034 |",
        "eins zwei drei vier fünf sechs sieben acht neun zehn, alle Kinder gehen",
        "uno dos tres cuatro cinco seis siete ocho nueve diez",
        "Look at the dot on the map at the end of the com port list.",
        "la vie est belle au point du jour; estoy en el punto de partida",
        'key = "AKIA" + suffix; prefix = "sk-" + name + "-" + env',
        "if (a==10==20) {}; width=20=30=40?",
        "C:\\100\\200\\300\\400 and \\beta\\beta + \\alpha",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567 is the Base32 alphabet",
        "72 69 76 76 79 32 87 79 82 76 68",
        "1920×1080 px, 3×4=12; Схема №3З, корпус 4б",
        "\u202ehello world\u202c is a trick",
        "⠓⠑⠇⠇⠕⠀⠺⠕⠗⠇⠙",
        "&copy; 2024 &ndash; all rights reserved &euro;5",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str, engine: Engine) -> None:
    assert engine.inspect(text) == []
