"""The names in a caller's client certificate, as the TLS listener verified it against `tls.client_ca`.

Only what the connection itself proves counts; a header field that claims to forward a certificate is never read.
"""

from __future__ import annotations

from typing import Any

_KINDS = frozenset({"URI", "DNS", "email"})


def names_of(connection: Any) -> tuple[str, ...]:
    """Alternative names first, in the certificate's order, then the common name; none without a certificate.

    A SPIFFE id is a URI name: a certificate with more than one is no SVID, and none of them counts (X509-SVID §5.2).
    """
    transport = getattr(connection, "transport", None)
    shown = transport.get_extra_info("peercert") if transport is not None else None
    if not shown:
        return ()
    names = [f"{kind}:{value}" for kind, value in shown.get("subjectAltName", ()) if kind in _KINDS]
    if sum(name.startswith("URI:spiffe:") for name in names) > 1:
        names = [name for name in names if not name.startswith("URI:")]
    common = [value for part in shown.get("subject", ()) for name, value in part if name == "commonName"]
    return (*names, *(f"CN:{value}" for value in common[:1]))
