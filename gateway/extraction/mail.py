"""Mails (RFC 5322, MIME): all headers, all alternatives of the body, all attachments."""

from __future__ import annotations

from email import errors, message_from_bytes, policy
from email.message import EmailMessage, Message
from typing import Any

from gateway.extraction.gathered import Gathered
from gateway.extraction.plain import readings
from gateway.extraction.web import Nested, read_html

_DEEPEST = 16
_BAD_CODE = (
    errors.InvalidBase64PaddingDefect,
    errors.InvalidBase64CharactersDefect,
    errors.InvalidBase64LengthDefect,
)


def read_mail(content: bytes, where: str, gathered: Gathered, nested: Nested) -> None:
    """Headers as lines, then each part. A mail in the mail is a part like others."""
    message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    _message(message, where, gathered, nested, 0)


def _message(message: Message[Any, Any], where: str, gathered: Gathered, nested: Nested, depth: int) -> None:
    gathered.entry()
    if depth > _DEEPEST:
        gathered.skip("file", "nested more deeply than the limit")
        return
    gathered.lines(f"{where} headers", [f"{name}: {value}" for name, value in _headers(message)])
    if message.is_multipart():
        for number, part in enumerate(message.iter_parts() if isinstance(message, EmailMessage) else (), 1):
            _message(part, f"{where} part {number}", gathered, nested, depth + 1)
        gathered.text(where, f"{message.preamble or ''}\n{message.epilogue or ''}")
        return
    raw = message.get_payload(decode=True)
    body = raw if isinstance(raw, bytes) else b""
    if any(isinstance(each, _BAD_CODE) for each in message.defects):
        gathered.skip("file", "not Base64")  # some read what stands before the fault, some the code itself
    kind, name = message.get_content_type(), message.get_filename() or ""
    if kind in {"text/plain", "text/html"} and not name:
        for text in readings(body, str(message.get_content_charset("") or "")):
            if kind == "text/html":
                read_html(text, where, gathered, nested)
            else:
                gathered.text(where, text)
    elif body:
        nested(body, name, kind)


def _headers(message: Message[Any, Any]) -> list[tuple[str, str]]:
    """Decoded where they can be, else as they stand."""
    try:
        return [(name, str(value)) for name, value in message.items()]
    except Exception:  # the library's parsers of structured headers raise many kinds for hostile ones
        return [(name, str(value)) for name, value in message.raw_items()]
