"""Connection strings that carry a password: URLs with user information, JDBC, ODBC and ADO.NET forms, cloud storage."""

from __future__ import annotations

import re

from gateway.inspection.recognizer import Recognizer, shape

_PLACEHOLDER = re.compile(
    r"(?i)[<\[{*]|\$\{|\bxxx|password|passwd|:pass@|:pwd@|\*\*\*|your|changeme|secret@|example:example"
)


def has_password(value: str) -> bool:
    """Whether the user information of a URL holds a password that is none of the usual placeholders."""
    secret = value.split("://", 1)[1].rsplit("@", 1)[0].split(":", 1)[1]
    return _PLACEHOLDER.search(f":{secret}@") is None


def _assigned(value: str) -> bool:
    return re.search(r"(?i)(?:password|pwd|accountkey|sharedaccesskey)\s*=\s*(?:[<{$*]|your|xxx)", value) is None


_PAIR = r"[A-Za-z][A-Za-z0-9 _.]{1,30}\s?=\s?[^;\"'\n]{0,200}"

RECOGNIZER = Recognizer(
    "connection_string",
    "CONNECTION_STRING",
    (
        shape(
            r"\b[A-Za-z][A-Za-z0-9+.]{1,20}://[^ /@:\n]{0,64}:[^ /@\n]{1,64}@",
            r"(?<![A-Za-z0-9+.])[A-Za-z][A-Za-z0-9+.]{1,20}(?::[a-z]{2,12})?://[^\s/@:'\"<>]{0,128}:[^\s/@'\"<>]{1,128}@[^\s'\"<>)\],;。，；、）]{1,256}",
            check=has_password,
            score=0.97,
        ),
        shape(
            r"(?i)\b(server|data source|driver|host|user id|uid|endpoint|defaultendpointsprotocol|accountname|hostname)\s?=",
            rf"(?i){_PAIR}(?:;{_PAIR}){{0,8}};\s?(?:password|pwd|accountkey|sharedaccesskey|sharedsecretvalue)\s?=\s?[^;\"'\s]{{3,256}}(?:;{_PAIR}){{0,8}};?",
            check=_assigned,
            score=0.95,
        ),
        shape(
            r"(?i)jdbc:[a-z]{2,12}:",
            r"(?i)jdbc:[a-z]{2,12}:[^\s\"'<>]{3,200}[?;&](?:password|pwd)=[^\s&;\"'<>]{2,128}[^\s\"'<>]{0,200}",
            check=_assigned,
            score=0.95,
        ),
        shape(
            r"(?i)jdbc:oracle:",
            r"(?i)jdbc:oracle:(?:thin|oci8?):[\w$#]{1,32}/[^\s\"'<>@{$]{2,64}@[^\s\"'<>)\],;]{3,200}",
            score=0.95,
        ),
        shape(
            r"(?i)\bsig=[A-Za-z0-9%+/]{30}",
            r"(?i)(?<![a-z0-9])sig=[A-Za-z0-9%+/=]{40,128}",
            cue=r"(?:sv=|se=|sp=|st=|sr=|spr=|blob\.core|sas)",
            score=0.9,
        ),
    ),
    guarded=False,
)
