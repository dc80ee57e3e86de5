"""Which of an organisation's own detectors are in force. Every process knows that; only inspectors load the detectors."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Own:
    """A staged version and whom it concerns. `version` is "" when there is nothing of one's own."""

    version: str = ""
    everyone: bool = False
    tenants: frozenset[str] = frozenset()

    def concerns(self, tenant: str) -> bool:
        """Whether anything of it is looked for in this tenant's calls."""
        return self.everyone or tenant in self.tenants
