"""Which providers can serve a call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.settings import Provider

GLOB = frozenset("*?[")


class Routes:
    """The configured providers, in order of preference."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._providers = tuple(providers)

    def candidates(self, family: str, model: str) -> tuple[Provider, ...]:
        """Providers that speak the family and serve the model, the preferred one first."""
        return tuple(provider for provider in self._providers if provider.serves(family, model))

    def models(self, family: str) -> Iterable[tuple[str, str]]:
        """(model, provider) of every model that is named in the configuration; patterns name none."""
        for provider in self._providers:
            if family in provider.protocols:
                for model in provider.models:
                    if not GLOB & set(model):
                        yield model, provider.name
