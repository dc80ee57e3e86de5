"""One small tree of errors. Every error that a caller can see is one of these; each protocol says it in its own form.

Messages are shown to callers and written to logs: they never contain content of a call.
"""

from __future__ import annotations


class LexgateError(Exception):
    """Root of the tree. `status` is the HTTP status, `code` the machine-readable reason."""

    status = 500
    code = "lexgate_internal"

    def __init__(self, message: str, *, param: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after = retry_after


class BadRequest(LexgateError):
    status, code = 400, "lexgate_bad_request"


class Unauthenticated(LexgateError):
    status, code = 401, "lexgate_unauthenticated"


class Denied(LexgateError):
    """Policy refused the call. Carries what the caller needs to make it acceptable, never the sensitive text."""

    status, code = 403, "lexgate_denied"

    def __init__(self, message: str, *, rule: str = "", citation: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.citation = citation
        self.remedy = remedy


class NotFound(LexgateError):
    status, code = 404, "lexgate_not_found"


class MethodNotAllowed(LexgateError):
    status, code = 405, "lexgate_method_not_allowed"


class RequestTimeout(LexgateError):
    status, code = 408, "lexgate_request_timeout"


class TooLarge(LexgateError):
    status, code = 413, "lexgate_too_large"


class UnsupportedMediaType(LexgateError):
    status, code = 415, "lexgate_unsupported_media_type"


class TooManyRequests(LexgateError):
    status, code = 429, "lexgate_rate_limited"


class HeadersTooLarge(LexgateError):
    status, code = 431, "lexgate_headers_too_large"


class UpstreamFailed(LexgateError):
    status, code = 502, "lexgate_upstream_failed"


class Unavailable(LexgateError):
    """A component that a law of the product needs (detector, policy, ledger, label) did not do its work."""

    status, code = 503, "lexgate_unavailable"


class UpstreamTimeout(LexgateError):
    status, code = 504, "lexgate_upstream_timeout"


class ConfigurationError(LexgateError):
    """lexgate.yaml or LEXGATE_* cannot be used; the message names file and line."""
