"""Check digits of the world's numbers. Each function takes the bare value and cites where the rule stands."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from operator import mul

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_GB11643_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_GB32100_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_GB32100_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_LUHN_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_LUHN_CODES = bytes.maketrans(b"0123456789", bytes(48 + doubled for doubled in _LUHN_DOUBLED))
_NO_DIGITS = bytes(byte for byte in range(256) if byte not in b"0123456789")
_TW_AREAS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"  # A=10, B=11, ... in the order of the household registration law


def only_digits(value: str) -> str:
    """The ASCII digits of a value."""
    if value.isascii():
        return value if value.isdigit() else value.encode().translate(None, _NO_DIGITS).decode()
    return "".join([character for character in value if "0" <= character <= "9"])


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B. All-equal digits are no number anybody was given."""
    if len(set(digits)) < 2:
        return False
    if digits.isascii() and digits.isdigit():
        codes = digits.encode()
        return (sum(codes[-1::-2]) + sum(codes[-2::-2].translate(_LUHN_CODES)) - 48 * len(codes)) % 10 == 0
    total = sum(int(digit) for digit in digits[-1::-2]) + sum(_LUHN_DOUBLED[int(digit)] for digit in digits[-2::-2])
    return total % 10 == 0


def iban(value: str) -> bool:
    """ISO 13616 / ISO 7064 mod 97-10, for a value without spaces."""
    rearranged = value[4:] + value[:4]
    return int("".join(str(int(character, 36)) for character in rearranged)) % 97 == 1


def cn_resident(value: str) -> bool:
    """GB 11643-1999: 17 digits and a check character; a plausible date of birth inside."""
    if len(value) != 18 or not value[:17].isdecimal():
        return False
    if not ("18" <= value[6:8] <= "20" and "01" <= value[10:12] <= "12" and "01" <= value[12:14] <= "31"):
        return False
    return cn_check_character(value)


def cn_check_character(value: str) -> bool:
    """GB 11643-1999 (ISO 7064 mod 11-2): whether the check character of 18 is right; 17 digits stand before it."""
    total: int = sum(map(mul, map(int, value[:17]), _GB11643_WEIGHTS))
    return "10X98765432"[total % 11] == value[17].upper()


def cn_credit_code(value: str) -> bool:
    """GB 32100-2015: unified social credit code, 18 characters, mod 31."""
    values = [_GB32100_ALPHABET.find(character) for character in value]
    if len(value) != 18 or -1 in values:
        return False
    total: int = sum(map(mul, values, _GB32100_WEIGHTS))
    return (total + values[17]) % 31 == 0


def hk_identity(value: str) -> bool:
    """Hong Kong identity card: one or two letters, six digits, check character (mod 11)."""
    letters = value[:-7]
    first, second = (36, ord(letters) - 55) if len(letters) == 1 else (ord(letters[0]) - 55, ord(letters[1]) - 55)
    numbers = [first, second, *(int(digit) for digit in value[-7:-1])]
    total = sum(number * weight for number, weight in zip(numbers, (9, 8, 7, 6, 5, 4, 3, 2), strict=True))
    return "0A987654321"[total % 11] == value[-1]


def tw_identity(value: str) -> bool:
    """Taiwan identity card: a letter for the area, nine digits, weights 1 9 8 ... 1 1."""
    area = _TW_AREAS.index(value[0]) + 10
    digits = [area // 10, area % 10, *(int(digit) for digit in value[1:])]
    return (
        sum(digit * weight for digit, weight in zip(digits, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True)) % 10 == 0
    )


def es_dni(value: str) -> bool:
    """Spanish DNI and NIE: number mod 23 gives the letter."""
    number = value[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == value[-1]


def fr_nir(value: str) -> bool:
    """French NIR: 97 minus the first 13 mod 97; Corsica's 2A and 2B count as 19 and 18."""
    body = value[:13].replace("2A", "19").replace("2B", "18")
    return body.isdecimal() and 97 - int(body) % 97 == int(value[13:])


def it_codice_fiscale(value: str) -> bool:
    """Italian codice fiscale (D.M. 23-12-1976): odd places by table, even places by value, mod 26."""
    odd = dict(
        zip(
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14,
             16, 10, 22, 25, 24, 23),
            strict=True,
        )
    )  # fmt: skip
    total = sum(odd[character] for character in value[0:15:2])
    total += sum(int(character) if character.isdecimal() else ord(character) - 65 for character in value[1:15:2])
    return chr(65 + total % 26) == value[15]


def de_tax_id(digits: str) -> bool:
    """German tax identification number (§ 139b AO): 11 digits, ISO 7064 mod 11,10."""
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def pl_pesel(digits: str) -> bool:
    """Polish PESEL: weights 1 3 7 9."""
    total = sum(int(digit) * (1, 3, 7, 9)[place % 4] for place, digit in enumerate(digits[:10]))
    return (10 - total % 10) % 10 == int(digits[10])


def nl_bsn(digits: str) -> bool:
    """Dutch burgerservicenummer: eleven test."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True))
    return total % 11 == 0


def uk_nhs(digits: str) -> bool:
    """NHS number: ten digits, mod 11."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))
    return (11 - total % 11) % 11 == int(digits[9])


def br_cpf(digits: str) -> bool:
    """Brazilian CPF: two check digits mod 11."""
    for length in (9, 10):
        total = sum(int(digit) * (length + 1 - place) for place, digit in enumerate(digits[:length]))
        if total * 10 % 11 % 10 != int(digits[length]):
            return False
    return len(set(digits)) > 1


def kr_resident(digits: str) -> bool:
    """Korean resident registration number, as issued until October 2020."""
    total = sum(
        int(digit) * weight for digit, weight in zip(digits, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=False)
    )
    return (11 - total % 11) % 10 == int(digits[12])


def sg_nric(value: str) -> bool:
    """Singapore NRIC and FIN (M series of 2022 included)."""
    total = sum(int(digit) * weight for digit, weight in zip(value[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    total += {"T": 4, "G": 4, "M": 3}.get(value[0], 0)
    table = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "M": "XWUTRQPNJLK"}.get(value[0], "XWUTRQPNMLK")
    return table[total % 11] == value[8]


def ch_ahv(digits: str) -> bool:
    """Swiss AHV number: EAN-13 check digit."""
    return ean13(digits)


def ean13(digits: str) -> bool:
    """GS1 check digit of thirteen digits."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits[:12]))
    return (10 - total % 10) % 10 == int(digits[12])


def in_aadhaar(digits: str) -> bool:
    """Indian Aadhaar: Verhoeff's dihedral check."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = _dihedral(check, _permuted(place % 8, int(digit)))
    return check == 0


def _dihedral(left: int, right: int) -> int:
    """The product in the dihedral group of order ten."""
    if left < 5:
        return (left + right) % 5 if right < 5 else 5 + (left + right) % 5
    return 5 + (left - right) % 5 if right < 5 else (left - right) % 5


def _permuted(times: int, digit: int) -> int:
    """Verhoeff's permutation, applied some times over."""
    for _ in range(times):
        digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
    return digit


def us_routing(digits: str) -> bool:
    """ABA routing transit number: weights 3 7 1, and a Federal Reserve prefix."""
    if not (digits[:2] <= "12" or "21" <= digits[:2] <= "32" or "61" <= digits[:2] <= "72" or digits[:2] == "80"):
        return False
    return sum(int(digit) * (3, 7, 1)[place % 3] for place, digit in enumerate(digits)) % 10 == 0


def vin(value: str) -> bool:
    """ISO 3779 with the North American check digit (49 CFR 565) in place nine."""
    values = dict(
        zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, *range(2, 10)), strict=True)
    )
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum((int(c) if c.isdecimal() else values[c]) * weight for c, weight in zip(value, weights, strict=True))
    return "0123456789X"[total % 11] == value[8]


def base58check(value: str) -> bool:
    """Base58 with four bytes of double SHA-256: Bitcoin, Litecoin, Tron and their kin."""
    number = 0
    for character in value:
        place = _BASE58.find(character)
        if place < 0:
            return False
        number = number * 58 + place
    try:
        content = number.to_bytes(25, "big")
    except OverflowError:
        return False
    return hashlib.sha256(hashlib.sha256(content[:21]).digest()).digest()[:4] == content[21:]


_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def crc_token(value: str) -> bool:
    """GitHub's and npm's tokens: a prefix, 30 random characters, their CRC-32 in six digits of base 62.

    https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/
    """
    body = value.rpartition("_")[2]
    if len(body) != 36:
        return False
    rest, digits = zlib.crc32(body[:30].encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits = _BASE62[digit] + digits
    return digits == body[30:]


def pypi_token(value: str) -> bool:
    """PyPI's tokens: `pypi-` and a macaroon in Base64url, version 2, whose location is the index or its test twin."""
    code = value.removeprefix("pypi-")
    try:
        content = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
    except (binascii.Error, ValueError):
        return False
    location = content[3 : 3 + content[2]] if content[:2] == b"\x02\x01" and len(content) > 2 else b""
    return location.removeprefix(b"test.").partition(b".")[::2] == (b"pypi", b"org")
