"""Check digits of papers and taxes in further countries. Each function takes the bare value and cites where the rule stands."""

from __future__ import annotations

from collections.abc import Iterable

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _weighted(digits: Iterable[str], weights: Iterable[int]) -> int:
    return sum(int(digit, 36) * weight for digit, weight in zip(digits, weights, strict=True))


def fr_spi(digits: str) -> bool:
    """French tax number of a person (DGFiP, SPI): the last three of 13 digits are the first ten mod 511."""
    return int(digits[:10]) % 511 == int(digits[10:])


def pl_regon(digits: str) -> bool:
    """Polish REGON of nine digits (Dz.U. 2015 poz. 2009): weights 8 9 2 3 4 5 6 7, mod 11, ten counts as zero."""
    return _weighted(digits[:8], (8, 9, 2, 3, 4, 5, 6, 7)) % 11 % 10 == int(digits[8])


def jp_corporate(digits: str) -> bool:
    """Japanese corporate number (ministerial order 70 of 2014, article 2): the first digit, weights 2 1 … mod 9."""
    return 9 - _weighted(digits[1:], (2, 1) * 6) % 9 == int(digits[0])


def br_voter(digits: str) -> bool:
    """Brazilian voter's number (TSE resolution 23.659): serial by 2 … 9, state and first check by 7 8 9, mod 11."""
    first = _weighted(digits[:8], range(2, 10)) % 11 % 10
    second = (_weighted(digits[8:10], (7, 8)) + first * 9) % 11 % 10
    return digits[8:10] <= "28" and digits[10:] == f"{first}{second}"


def br_pis(digits: str) -> bool:
    """Brazilian worker's number (PIS, PASEP, NIS, NIT): weights 3 2 9 … 2, mod 11, ten and eleven count as zero."""
    rest = 11 - _weighted(digits[:10], (3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return len(set(digits)) > 1 and (0 if rest > 9 else rest) == int(digits[10])


def br_health(digits: str) -> bool:
    """Brazilian health card (CNS): weights 15 … 1, mod 11."""
    return digits[0] in "12789" and _weighted(digits, range(15, 0, -1)) % 11 == 0


def cn_organisation(value: str) -> bool:
    """Chinese organisation code (GB 11714-1997): eight characters by 3 7 9 10 5 8 4 2, 11 minus the sum mod 11."""
    body, check = value[:8], value[-1]
    rest = 11 - _weighted(body, (3, 7, 9, 10, 5, 8, 4, 2)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest)) == check


def at_social_security(digits: str) -> bool:
    """Austrian social security number (ASVG § 31): weights 3 7 9 . 5 8 4 2 1 6, the fourth digit is the sum mod 11."""
    return _weighted(digits[:3] + digits[4:], (3, 7, 9, 5, 8, 4, 2, 1, 6)) % 11 == int(digits[3])


def ar_cuit(digits: str) -> bool:
    """Argentine CUIT and CUIL (AFIP): weights 5 4 3 2 7 6 5 4 3 2, 11 minus the sum mod 11."""
    rest = -_weighted(digits[:10], (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return rest < 10 and rest == int(digits[10])


def ie_pps(value: str) -> bool:
    """Irish PPS number (S.I. 186/1980 and 2013): weights 8 … 2, a second letter by 9, mod 23 gives the letter."""
    second = _ALPHABET.index(value[8]) - 9 if len(value) == 9 else 0
    total = _weighted(value[:7], range(8, 1, -1)) + 9 * (0 if value[8:] == "W" else second)
    return "WABCDEFGHIJKLMNOPQRSTUV"[total % 23] == value[7]


def th_national(digits: str) -> bool:
    """Thai identity number: weights 13 … 2, 11 minus the sum mod 11, its last digit."""
    return (11 - _weighted(digits[:12], range(13, 1, -1)) % 11) % 10 == int(digits[12])


def tr_national(digits: str) -> bool:
    """Turkish identity number: odd places by 7 less even places mod 10, and the sum of ten mod 10."""
    places = [int(digit) for digit in digits]
    tenth = (7 * sum(places[0:9:2]) - sum(places[1:8:2])) % 10
    return places[9] == tenth and places[10] == sum(places[:10]) % 10


def pt_nif(digits: str) -> bool:
    """Portuguese NIF (Decreto-Lei 14/2013): weights 9 … 2, 11 minus the sum mod 11, ten and eleven count as zero."""
    rest = 11 - _weighted(digits[:8], range(9, 1, -1)) % 11
    return (0 if rest > 9 else rest) == int(digits[8])
