"""Passwords by what they are assigned to, in settings, commands and prose, English and Chinese.

A password need not look random, so here the name decides and the value only must not be a reference or a placeholder.
"""

from __future__ import annotations

import re

from gateway.inspection.entropy import is_placeholder
from gateway.inspection.recognizer import Recognizer, shape

_NAME = r"(?:pass(?:word|wd|phrase|code)?|pwd|pswd|passwort|kennwort|mot de passe|\bmdp|contraseña|\bclave|\bsenha|wachtwoord|hasło|密码|口令|passwd)"
_VALUE = r"(?P<value>[^\s\"'`,;，；。、<>{}()|\\]{4,72})"
_NOT = re.compile(
    r"(?i)(?:get|os\.|env|process|config|settings?|request|req\.|self\.|this\.|none$|null$|nil$|true$|false$|undefined|required|"
    r"string$|str$|text$|hash|bcrypt|\$|%|@|#\{|input|prompt|bearer|https?:|file:|vault|secret|optional|is|was|has|must|should|"
    r"reset|field|policy|manager|protected|and|or|the|your|my|for|to|on|in|at|with|not|change|forgot|length|min|max|new|old|"
    r"current|confirm|password|passwd|pwd|\.\.\.|\*+$|x+$|user|admin$|root$|empty|blank|here|varchar|char|type|name|value|key|default)"
)


def _strong(value: str) -> bool:
    """For values in prose and after weak names: at least two kinds of characters."""
    kinds = [any(map(str.isdigit, value)), any(map(str.isalpha, value)), any(not c.isalnum() for c in value)]
    return _plausible(value) and len(value) >= 5 and sum(kinds) >= 2 and any(map(str.isascii, value))


def _odd(value: str) -> bool:
    """For a value with nothing but the word before it: a figure, a letter and a sign that no word has."""
    signs = [each for each in value.rstrip(".!?") if not each.isalnum()]
    return (
        _strong(value)
        and any(map(str.isdigit, value))
        and any(map(str.isalpha, value))
        and (
            any(sign in "!@#$%^&*?+=~" for sign in signs)
            or (bool(signs) and (value.lower() != value or sum(map(str.isdigit, value)) > 2))
        )
        and _NAMED.match(value) is None
    )


_NAMED = re.compile(
    r"(?i)(?:sha|md|base|aes|rfc|oauth|utf|pbkdf|nist|iso|cve|tls|ssl|win|level|step|schritt|version|v\d|\d+[-.])"
)
"""What has a figure and a sign beside the word and is none: standards, versions, ages ("password 30-day")."""


def _plausible(value: str) -> bool:
    if is_placeholder(value) or any("一" <= character <= "鿿" for character in value):
        return False
    word = _NOT.match(value)
    if word is not None and (word.end() == len(value) or not any(map(str.isdigit, value)) or value[0] in "$%@#"):
        return False
    return not re.fullmatch(r"[A-Za-z_][\w.]*\(.*|[a-z]+(?:[._][a-z]+)+|[A-Z]+(?:_[A-Z]+)+|\d{1,3}", value)


_ANCHOR = r"(?i)(pass(word|wd|phrase|code|wort)|\bpass\b|pass[\"\']?[ ]?[=:]|pwd|pswd|kennwort|mot de passe|\bmdp|contrase|\bclave|\bsenha|wachtwoord|has(ł|Ł)o|密码|口令)"

RECOGNIZER = Recognizer(
    "password",
    "PASSWORD",
    (
        shape(
            _ANCHOR,
            rf"(?i:{_NAME})[\w.\-]{{0,16}}[\"'\]]{{0,2}}[ \t]{{0,4}}(?:=>|:=|=|:)[ \t]{{0,3}}\"(?P<value>[^\"\n<>]{{4,72}})\"",
            check=_strong,
            score=0.86,
        ),
        shape(
            _ANCHOR,
            rf"(?i:{_NAME})[\w.\-]{{0,16}}[\"'\]]{{0,2}}[ \t]{{0,4}}(?:=>|:=|={{1,2}})[ \t]{{0,3}}[\"'`]?{_VALUE}",
            check=_plausible,
            score=0.85,
        ),
        shape(
            _ANCHOR,
            rf"(?i:{_NAME})[\w.\-]{{0,16}}[\"'\]]{{0,2}}[ \t]{{0,3}}[:：>][ \t]{{0,3}}[\"'`]?{_VALUE}",
            check=_strong,
            score=0.84,
        ),
        shape(
            _ANCHOR,
            rf"(?i:{_NAME})(?: (?:is|was|to|has been set to|set to|used to be|changed to|ist|lautet|est|es|è|é)|是|为|改为|设为|重置为|设置为|改成|设成|改成了|设成了|换成了?|换成)[:：]?\s{{0,2}}[\"'`“「]?{_VALUE}",
            check=_strong,
            score=0.8,
        ),
        shape(
            _ANCHOR,
            rf"(?i:{_NAME})[^\n.:=：，。]{{1,40}}? (?:is|was|to|ist|lautet|est|es|è|é)[: ]\s?[\"'`“]?{_VALUE}",
            check=_strong,
            score=0.75,
        ),
        shape(
            _ANCHOR,
            rf"(?i:{_NAME})[ \t]{{1,2}}[\"'`“「](?P<value>[^\s\"'`”」]{{4,72}})[\"'`”」]",
            check=_strong,
            score=0.78,
        ),
        shape(  # the word and the value alone
            r"(?i)(\bpass(word|wort)? |kennwort |contrase|mot de passe |\bmdp |\bsenha )",
            r"(?i:pass(?:word|wort)?|kennwort|contraseña|mot de passe|mdp|senha)[ \t]{1,2}(?P<value>[^\s\"'`,;，；。、<>{}()|\\]{7,40})(?=[\s,;.]|$)",
            check=_odd,
            score=0.72,
        ),
        shape(
            r"(?i)(set|with|new)_?(password|pwd|passphrase)\(",
            r"(?i:(?:set|with|new)_?(?:password|pwd|passphrase))\([\"'](?P<value>[^\"'\n]{4,72})[\"']",
            check=_strong,
            score=0.85,
        ),
        shape(  # the pass code of a door, a card, a telephone: figures alone
            "(门锁|门禁|银行卡|支付|取款|保险柜|保险箱|手机|解锁|锁屏|开机|[Ww][Ii]-?[Ff][Ii]|无线)(的)?密码",
            r"[一-鿿A-Za-z\-]{2,5}?密码(?:是|为|[:：])?[ \t]?(?P<value>\d{4,12})(?![0-9A-Za-z.\-])",
            check=lambda value: len(set(value)) > 1,
            score=0.8,
        ),
        shape(
            r"(?i)(\bpin\b|geheimzahl)",
            r"(?i:\bmy pin|\bpin(?: number| code)?|code pin|geheimzahl)(?: is| ist| est| es| è| é|\s?[:：])[ \t]{0,2}(?P<value>\d{4})(?![0-9A-Za-z.\-])",
            score=0.75,
        ),
        shape(
            r"(?i)(\b(pw|passcode)\b|password |passwort |kennwort |mot de passe |contrase|\bsenha )",
            rf"(?i:pw|passcode|password|passwort|kennwort|mot de passe|contraseña|senha)\b[^\n.:=：，。]{{1,30}}[:：][ \t]?[\"'`]?{_VALUE}",
            check=_odd,
            score=0.72,
        ),
        shape(
            r"(?i)\b(login|user(name|id)?): ",
            r"(?i:login|user(?:name|id)?): ?[A-Za-z0-9_.\-@]{2,40} ?/ ?(?P<value>[^\s\"'`,;，；。、<>{}()|\\/]{5,40})",
            check=_strong,
            score=0.75,
        ),
        shape(
            r"(?i) /user:",
            r"(?i: /user:)[^\s]{2,64} (?P<value>[^\s\"'`/*]{5,72})",
            check=_strong,
            score=0.85,
        ),
        shape("(密码|口令)", rf"(?:密码|口令)[ \t]?{_VALUE}", check=_strong, score=0.72),
        shape(
            r"(?i)\b(pw|pin|requirepass|credentials?|creds|userpass|user/pass)\b",
            rf"(?i:pw|pin|requirepass|credentials?|creds|userpass|user/pass)(?: code| is)?(?::|=|：|[ \t])[ \t]{{0,2}}(?:[A-Za-z0-9_.\-@]{{2,40}} ?[/:] ?)?[\"'`]?{_VALUE}",
            check=_strong,
            score=0.7,
        ),
        shape(
            "(密码|口令|账号|用户名|账户|登录)",
            r"(?:账号|用户名|账户|登录名?)(?:密码)?[：: ]{0,2}[A-Za-z0-9_.@\-]{2,40} ?(?:/|／|，|,|、| ) ?(?:密码)?[：:是为]? ?(?P<value>[^\s\"'`,;，；。、<>{}()|\\]{5,40})",
            check=_strong,
            score=0.7,
        ),
        shape(
            r" (-p|--password|--passwd|--pass)[ =]",
            rf" (?:--password|--passwd|--pass|-p)[ =][\"']?{_VALUE}",
            check=_strong,
            score=0.8,
        ),
        shape(
            r"\b(curl|wget|http|mysql|mysqldump|sshpass|smbclient) ",
            r"(?:curl|wget|http|smbclient|mysql|mysqldump|sshpass)\b[^\n]{0,80}? (?:-u ?[A-Za-z0-9_.\-]{1,32}:|-p)(?P<value>[^\s\"'`:]{4,72})",
            check=_strong,
            score=0.8,
        ),
        shape(
            r"(?i)identified by ",
            r"(?i)identified by ['\"](?P<value>[^'\"\n]{4,72})['\"]",
            check=_plausible,
            score=0.9,
        ),
    ),
)
