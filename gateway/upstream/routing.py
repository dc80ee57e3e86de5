"""Which providers can serve a call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.settings import Provider

KNOWN_MODELS = 1024
GLOB = frozenset("*?[")


class Routes:
    """The configured providers, in order of preference."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._providers = tuple(providers)
        self._known: dict[tuple[str, str], tuple[Provider, ...]] = {}

    def candidates(self, family: str, model: str) -> tuple[Provider, ...]:
        """Providers that speak the family and serve the model, the preferred one first."""
        known = self._known.get((family, model))
        if known is None:
            if len(self._known) >= KNOWN_MODELS:  # a caller may name any model
                self._known.clear()
            serving = tuple(provider for provider in self._providers if provider.serves(family, model))
            known = self._known[family, model] = serving
        return known

    def models(self, family: str) -> Iterable[tuple[str, str]]:
        """(model, provider) of every model that is named in the configuration; patterns name none."""
        for provider in self._providers:
            if family in provider.protocols:
                for model in provider.models:
                    if not GLOB & set(model):
                        yield model, provider.name
