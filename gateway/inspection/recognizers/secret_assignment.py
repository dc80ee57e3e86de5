"""Secrets by what they are assigned to: `api_key = "…"`, `"token": "…"`, `sk=…`, `Authorization: Bearer …`, 密钥：….

The name says secret, the value must look random: no word, no path, no reference, no placeholder.
"""

from __future__ import annotations

import re

from gateway.inspection.entropy import changes, counts, is_placeholder, shannon
from gateway.inspection.recognizer import Recognizer, in_any_case, shape

_NAME = (
    r"(?:api[_\- ]?key|apikey|access[_\- ]?key(?:[_\- ]?id)?|secret[_\- ]?(?:access[_\- ]?)?key|secretkey|client[_\-]?(?:secret|srt)"
    r"|app[_\-]?(?:secret|key)|auth[_\-]?(?:key|token)|access[_\-]?token|refresh[_\-]?token|private[_\-]?key|signing[_\-]?key|encryption[_\-]?key"
    r"|cl(?:é|e)[ _](?:api|secr(?:è|e)te)|api[ \-]?schlüssel|clave (?:de )?(?:la )?api|webhook[_\-]?secret|account[_\-]?key|subscription[_\-]?key|license[_\-]?key|master[_\-]?key|secret|token|credentials?|(?<![A-Za-z0-9_])key"
    r"|(?<![A-Za-z0-9_])[as]k|密钥|秘钥|令牌|访问密钥)"
)
_ANCHOR = (
    r"(?i)(api.?key|cl(é|e).api|cl(é|e).secr|api.?schl|clave (de )?(la )?api|access.?key|secret|client.?srt|app.?key|auth.?key|token|private.?key|signing.?key|encryption.?key|account.?key"
    r"|subscription.?key|license.?key|master.?key|credential|\bkey[\"' ]{0,2}[=:]|\bkey (is|was) |\bkey(是|为|：)|\bak[ =:]|\bsk[ =:]|密钥|秘钥|令牌)"
)
_ASSIGNED = (
    r"[\w.\-]{0,24}[\"'\]\\]{0,3}[ \t]{0,8}(?:=>|:=|={1,3}|[:：]|is\b|是|为)[ \t]{0,3}(?:Bearer |Basic )?\\?[\"'`]?"
)
_VALUE = r"(?P<value>[A-Za-z0-9_+/~.\-]{16,200}={0,2})(?![A-Za-z0-9_+/~(\[{$-]|\.{1,3}\[?[Rr]edacted)"
_PUBLIC_KEYS = (
    "cache",
    "primary",
    "sort",
    "foreign",
    "partition",
    "lookup",
    "hash",
    "dedup",
    "idempotency",
    "object",
    "row",
    "index",
)
_PUBLIC_TOKENS = ("csrf", "xsrf", "public", "page", "next", "sync", "continuation", "pagination")
_JOINTS = ("_", "-", " ")
_PLAIN_NAMES = (
    "id",
    "name",
    "url",
    "uri",
    "path",
    "file",
    "version",
    "length",
    "type",
    "count",
    "limit",
    "size",
    "arn",
)
_PLAIN_NAME = in_any_case(rf"(?<!key_)(?<!key)(?<!key-)(?:{'|'.join(_PLAIN_NAMES)})[\"'\s]{{0,3}}[:=]\s{{0,3}}[\"']?$")
_BEHIND_KEY = 8
"""Characters between a key's name and its value, at most."""


def _public(text: str, low: int, end: int) -> object:
    """Whether what is assigned is no secret by its name: words alone, for no expression is as quick."""
    before = text[low:end].lower()
    *_, named, behind = ("", *before.split("key"))
    if _ends(named, _PUBLIC_KEYS) and len(behind) <= _BEHIND_KEY and "\n" not in behind:
        return True
    if any(_ends(part, _PUBLIC_TOKENS) for part in before.split("token")[:-1]):
        return True
    name = before.rstrip("\"' \t\r\n").rstrip(":=").rstrip("\"' \t\r\n")
    return name.endswith(_PLAIN_NAMES) and _PLAIN_NAME(text, low, end)


def _ends(before: str, words: tuple[str, ...]) -> bool:
    """Whether one of the words stands before, or with one sign between: with more of them it is another thing's name."""
    return before.endswith(words) or (before.endswith(_JOINTS) and before[:-1].endswith(words))


_RESOURCE = re.compile(r"(?:[a-z]{2,}\d{0,4}|\d+)(?:-(?:[a-z]{2,}\d{0,4}|\d+))+")
"""Names of things in clouds: words and numbers between hyphens."""
_UUID = re.compile(r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_MODULE = re.compile(r"[A-Za-z][\w\-]*(?:\.[A-Za-z_][\w\-]*)+")


def _random(value: str) -> bool:
    if (
        is_placeholder(value)
        or value.startswith(("/", "./", "../", "http", "file:", "arn:", "urn:"))
        or _UUID.fullmatch(value)
        or _RESOURCE.fullmatch(value)
    ):
        return False
    digits, letters, in_words = counts(value)
    if not letters or ("." in value and _MODULE.fullmatch(value)):
        return False  # a number, a host, a module
    lively = changes(value)
    if digits < 2 and lively < 0.3:
        return False
    wordy = in_words > len(value) * 0.55
    return not (wordy and lively < 0.35) and shannon(value) >= (3.0 if len(value) < 24 else 3.2)


def _loose(value: str) -> bool:
    """For values without an operator between: more digits, longer."""
    return len(value) >= 20 and sum(map(str.isdigit, value)) >= 3 and _random(value)


def _drawn(value: str) -> bool:
    """A UUID drawn at random, none that every manual shows."""
    return len(set(value)) > 8 and value[:8].lower() not in {"550e8400", "123e4567", "12345678", "f47ac10b"}


RECOGNIZER = Recognizer(
    "secret_assignment",
    "API_KEY",
    (
        shape(_ANCHOR, rf"(?i:{_NAME}){_ASSIGNED}{_VALUE}", check=_random, unless=_public, score=0.85),
        shape(
            r"(?i)(api.?key|access.?(key|token)|secret.?key|auth.?token|token|密钥|令牌)[ \"'(]",
            rf"(?i:api[_\- ]?key|access[_\- ]?(?:key|token)|secret[_\- ]?key|auth[_\- ]?token|token|密钥|令牌)[ \"'(]{{1,3}}{_VALUE}",
            check=_loose,
            unless=_public,
            score=0.8,
        ),
        shape(
            r"(\b(AK|SK)|[Ss]ecret|SECRET)[ \"'(]",
            rf"(?:AK|SK|(?:[Aa]pp|API|[Aa]pi|[Cc]lient)?_?[Ss]ecret|SECRET)[ \"'(]{{1,3}}{_VALUE}",
            check=_loose,
            unless=_public,
            score=0.8,
        ),
        shape(  # keys that are UUIDs: Volcengine's, Heroku's, Codecov's
            r"(?i)(api.?key|heroku|codecov|豆包|方舟|火山)",
            rf"(?i)(?:api[_\- ]?key|heroku[\w ]{{0,16}}|codecov[\w ]{{0,16}}|(?:豆包|方舟|火山)[^\n]{{0,10}}?key){_ASSIGNED}(?P<value>[0-9a-f]{{8}}-(?:[0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}})(?![0-9A-Za-z\-])",
            check=_drawn,
            score=0.85,
        ),
        shape(
            r"(_|-)(live|test|prod|pat|key|token|secret|api|sk|pk)(_|-)[A-Za-z0-9]{12}",
            r"(?<![A-Za-z0-9])[A-Za-z]{2,12}[_\-](?:live|test|prod|pat|key|token|secret|api|sk|pk)[_\-](?:[A-Za-z0-9]{16,120})(?![A-Za-z0-9])",
            check=_random,
            lead=13,
            score=0.82,
        ),
        shape(
            r"(?i)secret_?key",
            r"(?i:secret_?key)[\"'\]]{0,2}[ \t]{0,4}[:=][ \t]{0,3}[\"'](?P<value>[^\"'\s]{20,100})[\"']",
            check=lambda value: _loose(re.sub(r"[^A-Za-z0-9]", "", value)),
            score=0.86,
        ),
        shape(
            r"(?i)\b(bearer|basic|ssws) [A-Za-z0-9]",
            r"(?i:bearer|basic|ssws) (?P<value>[A-Za-z0-9_+/~.\-]{16,400}={0,2})(?![A-Za-z0-9_+/~(])",
            check=_random,
            score=0.85,
        ),
        shape(
            r"\b[0-9]{15,16}\|[A-Za-z0-9_\-]{27}",
            r"(?<![0-9A-Za-z])\d{15,16}\|[A-Za-z0-9_\-]{27,40}(?![0-9A-Za-z])",
            score=0.93,
        ),
        shape(
            r"(?i)(sourcegraph|facebook|heroku|datadog|dropbox|mailgun|twitch|okta|snyk|travis|circleci|jenkins|sonar|vault|algolia|adafruit|asana|bitbucket|zendesk|etsy|finicity|fastly|gitter|kraken|kucoin|launchdarkly|linkedin|lob|looker|mattermost|messagebird|netlify|nytimes|plaid|rapidapi|sendbird|squarespace|sumo(logic|_|-|\b)|trello|yandex|zoho|cloudflare|codecov|coinbase|confluent|contentful|droneci|fastspring|freshbooks|hubspot|intercom|jfrog|artifactory|bittrex|beamer|authress|airtable|alchemy|infura|etherscan)",
            rf"(?i:[a-z]{{3,16}})[\w .\-]{{0,24}}[\"'\]]{{0,2}}\s{{0,3}}(?:=>|:=|={{1,3}}|[:：]|,)\s{{0,3}}[\"'`]?{_VALUE}",
            check=lambda value: _random(value) and len(value) >= 20,
            score=0.8,
        ),
    ),
)
