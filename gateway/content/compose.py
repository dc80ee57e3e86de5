"""Puts a verifier together from the settings: for the command line and for the control process."""

from __future__ import annotations

from pathlib import Path

from audit.keys import Keyring
from gateway.content.examiner import Examiner
from gateway.content.verification import Verifier
from gateway.errors import ConfigurationError
from gateway.settings import Settings
from watermark.certificates import checked_anchors
from watermark.errors import BadTrustAnchors
from watermark.signer import ROOT


def verifier_of(settings: Settings, keyring: Keyring, *, processes: int = 1) -> tuple[Verifier, Examiner]:
    """The verifier, and what it must be closed with. Raises ConfigurationError when a list of trust cannot be read."""
    examiner = Examiner(settings.verification.seconds, processes)
    tenants = [application.tenant for application in settings.applications]
    return Verifier(settings.store_path, keyring, tenants, examiner, trust_anchors(settings)), examiner


def trust_anchors(settings: Settings) -> bytes:
    """Our own root, where there is one, and the authorities that the settings name; PEM."""
    own = settings.keys_dir / ROOT
    found = [own.read_bytes()] if own.exists() else []
    for name in settings.verification.trust:
        try:
            found.append(Path(name).read_bytes())
        except OSError as error:
            raise ConfigurationError(f"verification.trust: {name} cannot be read ({type(error).__name__})") from error
    joined = b"\n".join(found)
    try:
        checked_anchors(joined)
    except BadTrustAnchors as error:
        raise ConfigurationError("verification.trust: there is something in it that is no certificate") from error
    return joined
