"""Presidio and Lexgate in each other: our engine as a Presidio recogniser, any Presidio recogniser inside our engine.

Needs the extra `presidio`. Presidio's e-mail recogniser asks `tldextract`, which would fetch the public suffix list on
first use; nothing here may open a connection, so it is pinned to the snapshot in its own package.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import tldextract.tldextract
from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from presidio_analyzer.predefined_recognizers import SpacyRecognizer

from gateway.errors import ConfigurationError
from gateway.flow import Span
from gateway.inspection.engine import Engine
from gateway.inspection.shipped import RECOGNIZERS

TO_PRESIDIO: Mapping[str, str] = {
    "EMAIL": "EMAIL_ADDRESS",
    "PHONE": "PHONE_NUMBER",
    "IBAN": "IBAN_CODE",
}
"""Labels that Presidio knows by another name; all others are the same or unknown to it."""

TO_LEXGATE: Mapping[str, str] = {
    **{theirs: ours for ours, theirs in TO_PRESIDIO.items()},
    "US_BANK_NUMBER": "BANK_ACCOUNT",
    "UK_BANK_ACCOUNT": "BANK_ACCOUNT",
    "US_DRIVER_LICENSE": "DRIVER_LICENSE",
    "IT_DRIVER_LICENSE": "DRIVER_LICENSE",
    "US_PASSPORT": "PASSPORT",
    "UK_PASSPORT": "PASSPORT",
    "IT_PASSPORT": "PASSPORT",
    "IN_PASSPORT": "PASSPORT",
    "US_ITIN": "TAX_ID",
    "IT_VAT_CODE": "TAX_ID",
    "UK_NHS": "MEDICAL_ID",
    "AU_MEDICARE": "MEDICAL_ID",
    "MEDICAL_LICENSE": "MEDICAL_ID",
    "UK_NINO": "NATIONAL_ID",
    "ES_NIF": "NATIONAL_ID",
    "ES_NIE": "NATIONAL_ID",
    "IT_FISCAL_CODE": "NATIONAL_ID",
    "IT_IDENTITY_CARD": "NATIONAL_ID",
    "PL_PESEL": "NATIONAL_ID",
    "SG_NRIC_FIN": "NATIONAL_ID",
    "AU_TFN": "NATIONAL_ID",
    "IN_AADHAAR": "NATIONAL_ID",
    "IN_PAN": "TAX_ID",
    "FI_PERSONAL_IDENTITY_CODE": "NATIONAL_ID",
    "KR_RRN": "NATIONAL_ID",
    "IN_VEHICLE_REGISTRATION": "LICENSE_PLATE",
    "DATE_TIME": "DATE",
    "ORGANIZATION": "ORG",
}
"""What Presidio's predefined recognisers call our labels."""

_NAMES = ("PERSON", "ADDRESS", "LOCATION", "ORG", "DATE", "NRP")


class LexgateRecognizer(EntityRecognizer):
    """The whole engine as one Presidio recogniser, for any language.

    Use it with `NoNlpEngine` to leave out Presidio's NLP pass, which this engine does not need.
    """

    def __init__(self, engine: Engine, language: str = "en") -> None:
        self._engine = engine
        labels = {recognizer.label for recognizer in RECOGNIZERS} | set(_NAMES)
        super().__init__(
            supported_entities=sorted(TO_PRESIDIO.get(label, label) for label in labels),
            name="LexgateRecognizer",
            supported_language=language,
            version=engine.version,
        )

    def load(self) -> None:
        """Nothing: the engine is loaded."""

    def analyze(self, text: str, entities: Sequence[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        """Presidio's contract: results of the asked entities (all, if none is named)."""
        del nlp_artifacts
        results = []
        for span in self._engine.inspect(text, self.supported_language):
            entity = TO_PRESIDIO.get(span.label, span.label)
            if not entities or entity in entities:
                results.append(RecognizerResult(entity, span.start, span.end, span.score))
        return results


class PresidioDetector:
    """Presidio recognisers as a detector of our engine: `Engine(detectors=[PresidioDetector([...])])`.

    They get no NLP artefacts. Recognisers that live on them (spaCy, Stanza) find nothing without, so they are refused
    with ConfigurationError. `minimum` drops results below a score: weak patterns rely on context words Presidio adds.
    """

    def __init__(
        self,
        recognizers: Sequence[Any],
        *,
        minimum: float = 0.4,
        labels: Mapping[str, str] = TO_LEXGATE,
    ) -> None:
        for recognizer in recognizers:
            if isinstance(recognizer, SpacyRecognizer):
                raise ConfigurationError(
                    f"{type(recognizer).__name__} needs an NLP pipeline and cannot run inside the engine"
                )
        pin_public_suffixes()
        self._recognizers: tuple[Any, ...] = tuple(recognizers)
        self._nothing: Any = None
        self._minimum = minimum
        self._labels = labels
        self.version = "presidio " + ",".join(sorted(each.name for each in recognizers)) + f" {minimum}"

    def tag(self, texts: Sequence[str]) -> list[list[Span]]:
        """Spans of each text; labels by our names where we have one, else by Presidio's."""
        return [[span for recognizer in self._recognizers for span in self._spans(recognizer, text)] for text in texts]

    def _spans(self, recognizer: Any, text: str) -> Iterator[Span]:
        for result in recognizer.analyze(text, recognizer.supported_entities, self._nothing) or ():
            if result.score >= self._minimum and result.start < result.end:
                label = self._labels.get(result.entity_type, result.entity_type)
                yield Span(result.start, result.end, label, min(1.0, result.score), f"presidio:{recognizer.name}")


class NoNlpEngine(NlpEngine):
    """An NLP engine that does nothing, for an AnalyzerEngine whose recognisers need none."""

    def __init__(self, languages: Sequence[str] = ("en", "zh")) -> None:
        self._languages = list(languages)

    def load(self) -> None:
        """Nothing to load."""

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Empty artefacts."""
        del text
        no_tokens: Any = []
        return NlpArtifacts([], no_tokens, [], [], self, language)

    def process_batch(
        self, texts: Iterable[str], language: str, batch_size: int = 1, n_process: int = 1, **kwargs: Any
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """Empty artefacts for each text."""
        del batch_size, n_process, kwargs
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:
        del word, language
        return False

    def is_punct(self, word: str, language: str) -> bool:
        del word, language
        return False

    def get_supported_entities(self) -> list[str]:
        return []

    def get_supported_languages(self) -> list[str]:
        return self._languages


def pin_public_suffixes() -> None:
    """Make tldextract use the list in its package: no download, no cache folder. Idempotent."""
    extractor = tldextract.tldextract.TLD_EXTRACTOR
    if extractor.suffix_list_urls:
        tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
