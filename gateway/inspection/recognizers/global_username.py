"""User names in log lines, commands and settings: the value of a key or option that names a user."""

from __future__ import annotations

import re

from gateway.inspection.recognizer import Recognizer, shape

_NOBODY = re.compile(
    r"(?i)(?:root|admin|administrator|postgres|mysql|oracle|sa|none|null|nil|true|false|undefined|test|guest|user|users|"
    r"username|name|login|git|ubuntu|ec2-user|me|you|your.*|my.*|id|service|system|default|anonymous|nobody|www-data|"
    r"nginx|app|api|example|foo|bar|string|int|str|self|input.*|get.*|os|process|req.*|env.*|and|or|is|the|to|in|for|with)"
)
_VALUE = r"(?P<value>[A-Za-z][A-Za-z0-9_.\-]{1,30}[A-Za-z0-9])(?![A-Za-z0-9_.\-]*[@(\[$/\\]|[A-Za-z0-9_])"


def _check(value: str) -> bool:
    return _NOBODY.fullmatch(value) is None


def _with_a_sign(value: str) -> bool:
    """Behind a word for a user and nothing else, only what no sentence goes on with."""
    return _check(value) and re.search(r"[a-z]_[a-z]|^[a-z]\.[a-z]{3}|[a-z]{3}\d{2,4}$", value) is not None


def _has_figure(value: str) -> bool:
    """Behind a word that is often a product's name ("微信 miniprogram"), a word alone is nobody."""
    return any(sign.isdigit() or sign == "_" for sign in value)


RECOGNIZER = Recognizer(
    "username",
    "USERNAME",
    (
        shape(
            r"(?i)\b(user|username|user_name|login|userid|user_id|uid|uname|account_name|screen_name|handle)=",
            rf"(?i)[a-z_]+=[\"']?{_VALUE}",
            check=_check,
            score=0.85,
        ),
        shape(
            r"(?i)\b(username|user_name|user name|login name|screen name|login|loginid|handle)[\"']?(:|：| is )",
            rf"(?i)[a-z_ ]+[\"']?(?::|：| is )\s?[\"']?{_VALUE}",
            check=_check,
            score=0.75,
        ),
        shape(
            r" (-u|-U|--user|--username|-l)[ =]",
            rf" (?:--username|--user|-[uUl])[ =]{_VALUE}",
            check=_check,
            score=0.85,
        ),
        shape(
            r"\b(ssh|scp|rsync|sftp) ",
            r"(?:ssh|scp|rsync|sftp) (?:-[^\s]+ )?(?P<value>[a-z][a-z0-9_.\-]{2,30})(?=@)",
            check=_check,
            score=0.8,
        ),
        shape(
            "(用户|用户名|账户名|登录名|登录账号|用户账号|昵称|账号)([A-Za-z: ]|：|为|是)",
            rf"(?:用户名?|账户名|登录名|登录账号|用户账号|昵称|账号)[：:为是]?\s?{_VALUE}(?=[^A-Za-z0-9]|$)",
            check=_check,
            score=0.75,
        ),
        shape(
            r"(?i)\buser: [A-Za-z]",
            r"(?i)user: (?P<value>[A-Za-z][A-Za-z._\-]{1,24}\d{1,6})(?![A-Za-z0-9_.\-]*[@(\[$/\\]|[A-Za-z0-9_])",
            check=_check,
            score=0.7,
        ),
        shape(
            r"(?i)\buser ['\"][A-Za-z]",
            r"(?i)user ['\"](?P<value>[A-Za-z][A-Za-z0-9_.\-]{1,30})['\"]",
            check=_check,
            score=0.75,
        ),
        shape(
            r"(?i)\b(benutzername|benutzer|nom d'utilisateur|identifiant|nombre de usuario|usuario|utente|nome utente)(:| )",
            rf"(?i)[a-z' ]{{6,20}}(?::|=| ist| est| es) ?[\"']?{_VALUE}",
            check=_check,
            score=0.7,
        ),
        shape(
            r"(?i)\b(benutzername|benutzer|identifiant|usuario|utente|usu(á|Á)rio|gebruikersnaam|user) [A-Za-z]",
            rf"(?i)[a-zá]{{4,16}} {_VALUE}(?=[\s,.;]|$)",
            check=_with_a_sign,
            score=0.7,
        ),
        shape(
            r"(?i)usu(á|Á)rio(:| (é|e) )",
            rf"(?i)usuário(?::| é) ?[\"']?{_VALUE}",
            check=_check,
            score=0.7,
        ),
        shape(r"\"user\" ?:", rf"\"user\" ?: ?\"{_VALUE}(?=\")", check=_with_a_sign, score=0.75),
        shape(r"_USER: ", rf"_USER: ?[\"']?{_VALUE}", check=_check, score=0.7),
        shape(
            r"(?i) /user:",
            r"(?i) /user:(?:[\w.\-]{1,32}\\)?(?P<value>[A-Za-z][A-Za-z0-9_.\-]{2,30})(?![A-Za-z0-9_.\-\\])",
            check=_check,
            score=0.8,
        ),
        shape(  # India's payment addresses
            r"(?i)\b(upi|vpa)\b",
            r"(?i:upi|vpa)(?: ?(?:id|address|handle))?(?: is)?[\"']?\s?[:：=]?\s{0,2}[\"']?(?P<value>[A-Za-z0-9][A-Za-z0-9.\-_]{2,60}@[a-z]{3,20})(?![A-Za-z0-9.\-])",
            score=0.93,
        ),
        shape(
            r"linkedin\.com/in/",
            r"linkedin\.com/in/(?P<value>[A-Za-z0-9][A-Za-z0-9_%\-]{2,60})",
            score=0.85,
        ),
        shape(
            r"(?i)\b(handle|twitter|instagram|telegram|github|wechat|weixin|discord|follow|dm)[^\n]{0,12}@[A-Za-z]",
            r"(?i)(?:handle|twitter|instagram|telegram|github|wechat|weixin|discord|follow|dm)[^\n]{0,12}?(?P<value>@[A-Za-z][A-Za-z0-9_.]{2,30})",
            score=0.7,
        ),
        shape(  # WeChat: 6 to 20 characters, a letter first; the numbers of QQ have 5 to 11 digits
            "(微信|[Vv][Xx])(号|账号|ID|id)?(是|为|：|:| )",
            r"(?:微信(?:账号|号|ID|id)?|[Vv][Xx]号?)(?:是|为|：|:)?[\s：:]?(?P<value>[A-Za-z][A-Za-z0-9_\-]{5,19})(?![A-Za-z0-9_\-@])",
            check=_has_figure,
            score=0.75,
        ),
        shape(
            "(?i)QQ(号|号码|邮箱)?(是|为|：|:| )? ?[1-9][0-9]{4}",
            r"(?i)(?<![A-Za-z])QQ(?:号码?)?(?:是|为)?[\s：:]{0,2}(?P<value>[1-9]\d{4,10})(?![\d@])",
            score=0.75,
        ),
        shape(
            r"(?i)\bfor (invalid )?user ",
            rf"(?i)for (?:invalid )?user {_VALUE}(?= from|\s|$)",
            check=_check,
            score=0.75,
        ),
    ),
)
