"""IPv4 and IPv6 addresses that can belong to somebody; versions that look like them are left alone."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from gateway.inspection.recognizer import Candidate, Recognizer, Shape, in_any_case

_V4 = re.compile(
    r"(?<![0-9A-Za-z.\-_])(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?![0-9A-Za-z]|\.[0-9])"
)
_V6 = re.compile(r"(?<![0-9A-Za-z:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?(?![0-9A-Za-z:])")
_is_version = in_any_case(
    r"(?:\bv|version|\bver\.?|release|firmware|build|版本|固件|升级到|更新到|[=~<>]=|[@\-]|bump(?:ed)?|upgrade[d]?|rc|\bfrom \d[\d.]* to)\s*[:：=]?\s*$"
)
_is_login = in_any_case(r"\b(?:ssh|scp|sftp|rsync|mosh|ssh-copy-id)\b[^\n]{0,20}$")
_is_told = in_any_case(
    r"(?:\bip\b|ip[=:]|addr|host|server|client|from|src|dst|gateway|dns|ping|ssh|-h|at|服务器|地址|主机|网关|@|//)[^\n]{0,12}$"
)


_PREFIX = re.compile(r"/(?:[12]?\d|3[0-2])(?![0-9A-Za-z.])")


def _is_network(text: str, address: str, end: int) -> bool:
    """Whether the length of a prefix follows that leaves no bit for a host: `10.20.0.0/16` is a network, nobody's address."""
    prefix = _PREFIX.match(text, end)
    if prefix is None:
        return False
    hosts = 32 - int(prefix[0][1:])
    return hosts > 0 and int(ipaddress.IPv4Address(address)) % (1 << hosts) == 0


def _version4(text: str, at: int) -> Iterable[Candidate]:
    found = _V4.match(text, at)
    if found is None:
        return ()
    if found[0].startswith(("127.0.", "255.", "0.")) or _is_network(text, found[0], found.end()):
        return ()
    low = max(0, at - 24)
    if _is_version(text, low, at) and not (text[at - 1] == "@" and _is_login(text, low, at)):
        return ()
    told = bool(_is_told(text, low, at))
    small = all(int(octet) < 40 for octet in found[0].split("."))
    if small and not told:
        return ()
    return ((at, found.end(), 0.9 if told else 0.8),)


def _version6(text: str, at: int) -> Iterable[Candidate]:
    found = _V6.match(text, at)
    if found is None:
        return ()
    written = found[0]
    while written.endswith(":") and not written.endswith("::"):
        written = written[:-1]
    try:
        address = ipaddress.IPv6Address(written)
    except ValueError:
        return ()
    groups = [group for group in written.split(":") if group]
    if len(groups) < 3 or address.is_loopback or not any(character.isdigit() for character in written):
        return ()
    return ((at, at + len(written), 0.92),)


RECOGNIZER = Recognizer(
    "ip_address",
    "IP_ADDRESS",
    (
        Shape(r"\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]", _version4, expression=_V4.pattern),
        Shape(r"\b[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]", _version6, expression=_V6.pattern),
    ),
)
