"""Names of models as callers give them: they travel and are recorded in the clear, so they must be names and nothing else."""

from __future__ import annotations

from gateway.errors import BadRequest
from gateway.inspection.guard import GuardScanner

MOST = 4096


class ModelNames:
    """Remembers the names that were looked at. One per event loop."""

    def __init__(self, scanner: GuardScanner) -> None:
        self._scanner = scanner
        self._seen: dict[str, bool] = {}

    def check(self, name: str) -> None:
        """Raises BadRequest for a name that holds an identifier, a secret or a mail address."""
        fit = self._seen.get(name)
        if fit is None:
            if len(self._seen) >= MOST:
                self._seen.clear()
            local, at, domain = name.partition("@")
            mail = bool(local and at) and "." in domain and domain.rpartition(".")[2].isalpha()
            fit = self._seen[name] = not mail and not self._scanner.find(name)
        if not fit:
            raise BadRequest("model must be a model's name", param="model")
