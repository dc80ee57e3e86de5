"""Check digits of countries' own numbers. Each function takes the bare value and cites where the rule stands."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.inspection.checksums import luhn, nl_bsn

_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _weighted(digits: Iterable[str], weights: Iterable[int]) -> int:
    return sum(int(digit, 36) * weight for digit, weight in zip(digits, weights, strict=True))


def _cross_sum(number: int) -> int:
    return number // 10 + number % 10


def _place(letter: str) -> str:
    """A letter's place in the alphabet in two digits."""
    return f"{ord(letter) - 64:02d}"


def de_pension(value: str) -> bool:
    """German pension insurance number (VKVV § 2): letters count as two digits, cross sums of weighted digits mod 10."""
    digits = value[:8] + _place(value[8]) + value[9:]
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    total = sum(_cross_sum(int(digit) * weight) for digit, weight in zip(digits, weights, strict=False))
    return total % 10 == int(digits[12])


def de_health(value: str) -> bool:
    """German health insurance number (§ 290 SGB V): weights 1 2, cross sums, mod 10."""
    digits = _place(value[0]) + value[1:]
    total = sum(_cross_sum(int(digit) * (1 + place % 2)) for place, digit in enumerate(digits[:10]))
    return total % 10 == int(digits[10])


def document_number(value: str) -> bool:
    """ICAO 9303: weights 7 3 1 over digits and letters (A = 10), mod 10; the last character is the check digit."""
    total = sum(_BASE36.index(each) * (7, 3, 1)[place % 3] for place, each in enumerate(value[:-1]))
    return value[-1].isdecimal() and total % 10 == int(value[-1])


def pl_identity_card(value: str) -> bool:
    """Polish identity card: three letters, a check digit, five digits; weights 7 3 1 9 7 3 1 7 3, mod 10."""
    return _weighted(value, (7, 3, 1, 9, 7, 3, 1, 7, 3)) % 10 == 0


def de_vat(digits: str) -> bool:
    """German VAT number: nine digits, ISO 7064 mod 11,10."""
    product = 10
    for digit in digits[:8]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return digits[0] != "0" and (11 - product) % 10 == int(digits[8])


def fr_vat(value: str) -> bool:
    """French VAT number in its all-digit form: key 12 + 3 × SIREN mod 97, before the SIREN."""
    return luhn(value[2:]) and (12 + 3 * (int(value[2:]) % 97)) % 97 == int(value[:2])


def it_vat(digits: str) -> bool:
    """Italian partita IVA: eleven digits, Luhn, an issuing office."""
    office = digits[7:10]
    return luhn(digits) and ("001" <= office <= "100" or office in {"120", "121", "888", "999"})


def nl_vat(value: str) -> bool:
    """Dutch VAT number, nine digits, B, two digits: the eleven test (before 2020), or mod 97-10 with NL before it."""
    digits = value[:9]
    if int(digits) and nl_bsn(digits):
        return True
    number = "".join(str(_BASE36.index(each)) for each in "NL" + value)
    return int(number) % 97 == 1


def pl_nip(digits: str) -> bool:
    """Polish NIP: weights 6 5 7 2 3 4 5 6 7, mod 11."""
    return _weighted(digits[:9], (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == int(digits[9])


def es_cif(value: str) -> bool:
    """Spanish CIF: a letter, seven digits, Luhn's digit or the letter for it: sources differ on which kind has which."""
    total = sum(int(digit) for digit in value[2:8:2]) + sum(_cross_sum(2 * int(digit)) for digit in value[1:8:2])
    return value[8] in f"{-total % 10}{'JABCDEFGHI'[-total % 10]}"


def es_social_security(digits: str) -> bool:
    """Spanish social security number: province, serial, and both mod 97."""
    province, serial = digits[:2], digits[2:10]
    number = int(province + serial) if serial[0] != "0" else int(province + serial[1:])
    return number % 97 == int(digits[10:])


def gb_utr(digits: str) -> bool:
    """British unique taxpayer reference: the first digit checks the others, weights 6 7 8 9 10 5 4 3 2, mod 11."""
    return "21987654321"[_weighted(digits[1:], (6, 7, 8, 9, 10, 5, 4, 3, 2)) % 11] == digits[0]


def gb_vat(digits: str) -> bool:
    """British VAT number: weights 8 … 2 and the two check digits, mod 97, or 55 beyond."""
    total = _weighted(digits, (8, 7, 6, 5, 4, 3, 2, 10, 1))
    return total % 97 in ({0, 42, 55} if int(digits[:3]) >= 100 else {0})


def us_npi(digits: str) -> bool:
    """US national provider identifier (45 CFR 162.406): Luhn with 80840 before it."""
    return luhn("80840" + digits)


def us_dea(value: str) -> bool:
    """US DEA registration: two letters, seven digits; first, third, fifth, and twice the others, mod 10."""
    digits = value[2:]
    total = sum(map(int, digits[0:6:2])) + 2 * sum(map(int, digits[1:6:2]))
    return total % 10 == int(digits[6])


def in_gstin(value: str) -> bool:
    """Indian GSTIN: Luhn in base 36."""
    total = 0
    for place, each in enumerate(reversed(value)):
        quotient, rest = divmod(_BASE36.index(each) * (1 + place % 2), 36)
        total += quotient + rest
    return total % 36 == 0


def br_cnpj(digits: str) -> bool:
    """Brazilian CNPJ: two check digits, weights 2 … 9 from the right, mod 11."""
    for length in (12, 13):
        total = sum(int(digit) * (2 + place % 8) for place, digit in enumerate(reversed(digits[:length])))
        if (11 - total % 11) % 11 % 10 != int(digits[length]):
            return False
    return len(set(digits)) > 1


def jp_my_number(digits: str) -> bool:
    """Japanese individual number (ministerial order 85 of 2014, article 5): weights 6 … 2 7 … 2, mod 11."""
    rest = _weighted(digits[:11], (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return (0 if rest < 2 else 11 - rest) == int(digits[11])


def kr_business(digits: str) -> bool:
    """Korean business registration number: weights 1 3 7 1 3 7 1 3 5 and the tens of the last product, mod 10."""
    total = _weighted(digits[:9], (1, 3, 7, 1, 3, 7, 1, 3, 5)) + int(digits[8]) * 5 // 10
    return -total % 10 == int(digits[9])


def tw_business(digits: str) -> bool:
    """Taiwanese business number (MOF, since 2023): cross sums of weights 1 2 1 2 1 2 4 1, divisible by five."""
    total = sum(_cross_sum(int(digit) * weight) for digit, weight in zip(digits, (1, 2, 1, 2, 1, 2, 4, 1), strict=True))
    return total % 5 == 0 or (digits[6] == "7" and (total + 1) % 5 == 0)
