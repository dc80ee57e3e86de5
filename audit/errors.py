"""The errors of the audit package. None carries content of a call, a key or a value of an erasable group."""

from __future__ import annotations


class AuditError(Exception):
    """Root of the tree."""


class RecordInvalid(AuditError):
    """A draft cannot become a leaf: not canonical JSON, unknown group, too large."""


class LogUnavailable(AuditError):
    """The log writer is gone or cannot be reached. Nothing may leave; reconnect to go on with a new epoch."""


class AppendRefused(AuditError):
    """The writer refused this one leaf or reservation, e.g. a second outcome of a flow. The stream goes on."""


class KeysUnusable(AuditError):
    """The key folder is missing, exists already, is damaged or its passphrase is wrong."""


class StoreUnusable(AuditError):
    """The store cannot be used as it is; the message says what to do."""


class SqliteAffected(StoreUnusable):
    """This SQLite can lose committed writes (WAL-reset bug)."""


class SchemaMismatch(StoreUnusable):
    """The store has an older or newer schema than this program."""


class StoreLocked(StoreUnusable):
    """Another log writer has this store."""


class LogForked(StoreUnusable):
    """The store disagrees with, or is behind, a checkpoint that this log has signed."""


class QueryInvalid(AuditError):
    """A search query cannot be understood. `token` is the part at fault."""

    def __init__(self, token: str, reason: str) -> None:
        super().__init__(f"{token!r}: {reason}")
        self.token = token
        self.reason = reason


class ProofInvalid(AuditError):
    """A proof document or log artefact does not have the shape it must have (not: that it fails to verify)."""
