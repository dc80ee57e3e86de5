"""The key that signs C2PA manifests: fit for it, and how long its certificate lasts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.doctor.finding import Finding, good, problem, warning
from gateway.errors import ConfigurationError
from gateway.settings import Settings

_CHECK = "content key"
_SOON = timedelta(days=60)


def content_key(settings: Settings) -> Iterator[Finding]:
    """The operator's own key and chain where they are named, otherwise what stands in the key folder."""
    from watermark.errors import SigningKeyUnusable
    from watermark.signer import CHAIN, KEY, ContentSigner, expires, has_signer

    marking, folder = settings.marking, settings.keys_dir
    own = bool(marking.certificates)
    if not own and not has_signer(folder):
        yield good(_CHECK, "There is no content-signing key yet: it is made when it is first needed.")
        return
    key, chain = (Path(marking.key), Path(marking.certificates)) if own else (folder / KEY, folder / CHAIN)
    try:
        end = expires(chain)
        ContentSigner.load(key, chain, settings.key_passphrase)
    except (SigningKeyUnusable, ConfigurationError) as error:
        remedy = "Check marking.key and marking.certificates." if own else "Restore the key folder from its backup."
        yield problem(_CHECK, f"No manifest can be signed: {error}.", remedy)
        return
    if end - datetime.now(UTC) < _SOON:
        remedy = "Get a new certificate for the key." if own else "Restart the gateway: it renews the certificate."
        yield warning(_CHECK, f"The certificate that signs manifests ends on {end:%Y-%m-%d}.", remedy)
        return
    yield good(_CHECK, f"The content-signing key can be used, its certificate until {end:%Y-%m-%d}.")
