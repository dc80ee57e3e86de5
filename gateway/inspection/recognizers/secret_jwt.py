"""JSON Web Tokens (RFC 7519): three Base64url parts whose first two are JSON objects; encrypted ones have five."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

RECOGNIZER = Recognizer(
    "jwt",
    "JWT",
    (
        shape(
            r"\beyJ[A-Za-z0-9_\-]{8}",
            r"(?<![A-Za-z0-9_\-])eyJ[A-Za-z0-9_\-]{8,1000}\.(?:eyJ[A-Za-z0-9_\-]{4,3000}\.[A-Za-z0-9_\-]{10,1000}|[A-Za-z0-9_\-]{0,1000}(?:\.[A-Za-z0-9_\-]{8,3000}){3})",
            score=0.99,
        ),
    ),
    guarded=True,
)
