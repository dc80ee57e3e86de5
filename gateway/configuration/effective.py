"""The configuration in force, as the supervisor hands it to its children: one file, replaced atomically.

Settings and the staged policy bundle change together: a child that reads the file never sees half of a reload.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from gateway.inspection.own.version import Own
from gateway.settings import Settings

FILE = "effective.json"


@dataclass(frozen=True, slots=True)
class Effective:
    """Settings, where the bundle was staged, the digest it must have, and a number that grows with each reload.

    `instance` names the supervisor: what an earlier one's processes left behind is not mistaken for its own.
    """

    settings: Settings
    bundle: str
    digest: str
    generation: int
    instance: str = ""
    own: Own = field(default_factory=Own)

    def write(self) -> Path:
        """Replaces the file in the run folder (0600: it holds hashes of keys)."""
        target = self.settings.run_path / FILE
        draft = target.with_suffix(".new")
        document = {
            "settings": self.settings.model_dump(mode="json", by_alias=True),
            "bundle": self.bundle,
            "digest": self.digest,
            "generation": self.generation,
            "instance": self.instance,
            "own": [self.own.version, self.own.everyone, sorted(self.own.tenants)],
        }
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps(document))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
        return target

    @classmethod
    def read(cls, file: Path) -> Effective:
        document = orjson.loads(file.read_bytes())
        settings = Settings.model_validate(document["settings"])
        version, everyone, tenants = document["own"]
        own = Own(version, everyone, frozenset(tenants))
        return cls(settings, document["bundle"], document["digest"], document["generation"], document["instance"], own)
