"""Values that documentation and tests use for examples, and that belong to nobody.

An address at example.com with nobody's name before it needs no more. Card numbers that payment providers publish for tests,
fictitious telephone numbers and addresses of private networks are also what people write where they mean a real one: they
count as examples only in a text that is about tests or about networks.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

from gateway.inspection.checksums import only_digits

TESTING, NETWORKING = "testing", "networking"
"""Kinds of texts: see `gateway/inspection/content/hints.yaml`."""

_RESERVED = r"@(?:[\w-]+\.)*(?:example\.(?:com|org|net|edu)|example|test|invalid|yourdomain\.com|domain\.com)"
_READERS = re.compile(
    r"(?:you|your[._-]?(?:e?mail|name)?|user(?:name)?|name|e?mail|someone|somebody|foo|bar)" + _RESERVED, re.IGNORECASE
)
"""What documentation writes where the reader's own address goes."""
_ANYBODYS = re.compile(r"[\w.+-]+" + _RESERVED, re.IGNORECASE)
"""An address in a domain that is nobody's (RFC 2606)."""
_FICTITIOUS = re.compile(r"(?:1?[2-9]\d\d)?55501\d\d")
"""Telephone numbers that the North American plan keeps for fiction."""

_CARDS = frozenset(
    {
        *("4111111111111111", "4242424242424242", "4000000000000002", "4000000000009995", "4000000000003220"),
        *("4000002500003155", "4000002760003184", "4000000000000069", "4000000000000127", "4000000000000119"),
        *("4000056655665556", "4012888888881881", "4222222222222", "4012000033330026", "4217651111111119"),
        *("4500600000000061", "4005519200000004", "4009348888881881", "4000111111111115", "4263970000005262"),
        *("5555555555554444", "5105105105105100", "5200828282828210", "2223003122003222", "5454545454545454"),
        *("5424000000000015", "5425233430109903", "5204740009900014", "2223000048410010", "2222420000001113"),
        *("378282246310005", "371449635398431", "378734493671000", "370000000000002", "374245455400126"),
        *("6011111111111117", "6011000990139424", "6011000000000012", "30569309025904", "38520000023237"),
        *("36227206271667", "3056930009020004", "3530111333300000", "3566002020360505", "6200000000000005"),
        *("6205500000000000004", "6304000000000000", "6759649826438453"),
    }
)
"""Numbers that Stripe, Adyen, Braintree, PayPal, Authorize.net and Worldpay publish for tests."""

_RESOLVERS = frozenset({"1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "149.112.112.112", "208.67.222.222"})


def is_example(label: str, value: str, hints: Collection[str]) -> bool:
    """Whether a value of this label is an example, in a text with these classes of content."""
    if label == "EMAIL":
        return bool(_READERS.fullmatch(value) or (TESTING in hints and _ANYBODYS.fullmatch(value)))
    if label == "IP_ADDRESS":
        return NETWORKING in hints and _is_nobodys(value)
    if TESTING not in hints:
        return False
    if label in {"CREDIT_CARD", "BANK_ACCOUNT"}:
        return only_digits(value) in _CARDS
    return label == "PHONE" and _FICTITIOUS.fullmatch(only_digits(value)) is not None


def _is_nobodys(value: str) -> bool:
    """Private networks, networks for documentation, and the resolvers that everybody asks."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    return not address.is_global or value in _RESOLVERS
