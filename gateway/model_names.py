"""Names of models as callers give them: they travel and are recorded in the clear, so they must be names and nothing else."""

from __future__ import annotations

import re

from gateway.errors import BadRequest
from gateway.inspection.guard import GuardScanner

MOST = 4096

_NAME = re.compile(r"[A-Za-z0-9@][A-Za-z0-9._:/@+\-\[\]]{0,254}")
_DATES = re.compile(r"(?<![0-9])20[0-9]{2}[\-.]?(?:0[1-9]|1[0-2])[\-.]?(?:0[1-9]|[12][0-9]|3[01])(?![0-9])")
_NUMBER = re.compile(r"(?<![0-9])\+?[0-9](?:[._\-]?[0-9]){6,14}(?![._\-]?[0-9])")
"""As many digits in a row as a telephone number has (E.164). Versions, sizes and dates have fewer, or are taken out first."""

_ACCOUNT = re.compile(r"^(?:arn:aws[a-z\-]{0,7}:bedrock:[a-z0-9\-]{0,24}:|projects/)[0-9]{12}(?=[:/])")
"""Amazon's and Google's names of models begin with the number of the customer's own account."""

_WORDS = re.compile(r"[A-Za-z]{2,20}(?:[._\-][A-Za-z]\.?)?[._\-][A-Za-z]{2,20}")
_GIVEN_NAMES = frozenset(
    re.findall(
        "[a-zü]+",
        """
        adam ahmed alexander ali alice amanda amy ana andrea andreas andrew anna anne anthony antonio barbara ben bernd
        bob brian carlos carmen carol charles chloe christian christina christine christopher daniel daniela david
        dennis diana elena elisabeth elizabeth emily emma eric erik eva fatima felix fernando francesca francesco frank
        franz gabriel georg george giovanni giulia hans heike helen helga henry ines ingrid isabel ivan jack jakob james
        jan jane jean jennifer jens jessica joan johannes john jonas jorge jose joseph juan julia julian jürgen karen
        karin karl katharina kevin klaus kumar lars laura lena leon linda lisa louis luca lucas lucia luis lukas manuel
        marco marcus maria marie mario mark markus marta martin martina mary matthew matthias max michael michelle
        miguel mohamed mohammed monika nancy natalia nicholas nicole nina olga oliver olivia pablo patricia patrick paul
        paula pedro peter petra philip pierre rachel ralf rebecca richard robert roberto rosa ruth ryan sabine samuel
        sandra sara sarah sebastian sergio simon sofia sophie stefan stefanie stephanie stephen steven susan susanne
        thomas tim tobias tom ursula uwe victor victoria walter wei werner william wolfgang xavier yusuf zhang
        """,
    )
)


class ModelNames:
    """Remembers the names that were looked at. One per event loop."""

    def __init__(self, scanner: GuardScanner) -> None:
        self._scanner = scanner
        self._seen: dict[str, bool] = {}

    def check(self, name: str) -> None:
        """Raises BadRequest for a name that holds an identifier, a secret, a mail address, a number or a person."""
        fit = self._seen.get(name)
        if fit is None:
            if len(self._seen) >= MOST:
                self._seen.clear()
            fit = self._seen[name] = self._fits(name)
        if not fit:
            raise BadRequest("model must be a model's name", param="model")

    def _fits(self, name: str) -> bool:
        if _NAME.fullmatch(name) is None or _NUMBER.search(_DATES.sub("", _ACCOUNT.sub("", name))) is not None:
            return False
        local, at, domain = name.partition("@")
        mail = bool(local and at) and "." in domain and domain.rpartition(".")[2].isalpha()
        return not mail and not _is_person(name) and not self._scanner.find(name)


def _is_person(name: str) -> bool:
    """Whether a name is no more than a given name and another one."""
    last = name.rpartition("/")[2]
    first = re.split(r"[._\-]", last, maxsplit=1)[0].lower()
    return _WORDS.fullmatch(last) is not None and first in _GIVEN_NAMES
