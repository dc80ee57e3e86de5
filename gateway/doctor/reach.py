"""Whether providers can be reached: a connection and, for https, a handshake. Nothing is asked and no key is sent."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from gateway.doctor.finding import Finding, good, problem
from gateway.settings import Provider, Settings


def reach(settings: Settings) -> Iterator[Finding]:
    """Tries every provider, one after the other."""
    for provider in settings.providers:
        yield _reached(provider, settings.timeouts.connect)


def _reached(provider: Provider, seconds: float) -> Finding:
    url = urlsplit(provider.base_url)
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    try:
        with socket.create_connection((host, port), timeout=seconds) as connection:
            if url.scheme == "https":
                context = ssl.create_default_context(cafile=provider.ca or None)
                with context.wrap_socket(connection, server_hostname=host):
                    pass
    except ssl.SSLCertVerificationError as error:
        return problem(
            "reach", f"Provider {provider.name}: its certificate is not trusted ({error.verify_message}).",
            "Name the authority's file in the provider's ca, or mend the proxy between.",
        )  # fmt: skip
    except (OSError, ssl.SSLError) as error:
        return problem(
            "reach", f"Provider {provider.name} cannot be reached at {host}:{port} ({type(error).__name__}).",
            "Check name resolution, the way out, and base_url.",
        )  # fmt: skip
    return good("reach", f"Provider {provider.name} can be reached at {host}:{port}.")
