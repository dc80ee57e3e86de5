"""The errors of this package. None carries content of a call: only file names, lines, rule ids and key names."""

from __future__ import annotations


class PolicyError(Exception):
    """Root of the tree."""


class BundleInvalid(PolicyError):
    """A bundle cannot be used. `file` and `line` say where (line 0: the file as a whole)."""

    def __init__(self, reason: str, *, file: str = "", line: int = 0) -> None:
        self.reason = reason
        self.file = file
        self.line = line
        where = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(where + reason)


class PolicyFailed(PolicyError):
    """No decision was reached: undefined, an engine error, or an answer of the wrong shape. The call is refused."""


class FactsInvalid(PolicyFailed):
    """The input document is not `lexgate/input@1`. `path` names the key at fault."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"input.{path}: {reason}" if path else f"input: {reason}")
