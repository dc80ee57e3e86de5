"""With which keys a tenant's outputs are marked, and the payload by which only the tenant finds its call again."""

from __future__ import annotations

import hmac
from pathlib import Path

from audit.keys import Keyring
from gateway.errors import ConfigurationError
from gateway.settings import Settings
from watermark.errors import SigningKeyUnusable
from watermark.marking import MarkingKeys, Signer
from watermark.signer import ContentSigner


class TenantKeys:
    """Opens the signing key once, and makes one where the key folder has none. Raises SigningKeyUnusable."""

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        self._keyring = keyring
        self._timestamp_url = settings.marking.timestamp_url
        self._signer = signer_of(settings)

    def __call__(self, tenant: str) -> MarkingKeys:
        return MarkingKeys(self._signer, self._keyring.derive("invisible", tenant), self._timestamp_url)


def signer_of(settings: Settings) -> Signer:
    """The operator's own signer, or that of the key folder: made on first use, renewed in time. Raises SigningKeyUnusable."""
    marking, folder = settings.marking, settings.keys_dir
    if marking.certificates:
        return ContentSigner.load(Path(marking.key), Path(marking.certificates), settings.key_passphrase)
    return ContentSigner.ensure(folder, settings.organisation.name, settings.key_passphrase)


def prepare_signer(settings: Settings) -> None:
    """Before anything starts. Raises ConfigurationError when there is no signing key and none can be made."""
    try:
        signer_of(settings)
    except (SigningKeyUnusable, OSError) as error:
        reason = str(error) if isinstance(error, SigningKeyUnusable) else type(error).__name__
        raise ConfigurationError(f"the key that signs manifests of what models made: {reason}") from None


def payload_of(key: bytes, flow: str, index: int) -> int:
    """64 bits of an invisible mark: a keyed hash, so that two outputs never share one and it tells nothing by itself."""
    return int.from_bytes(hmac.digest(key, f"{flow}-{index}".encode(), "sha256")[:8], "big")
