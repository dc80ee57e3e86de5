"""Presidio both ways, with no network to fall back on."""

from __future__ import annotations

import socket

import pytest

from gateway.errors import ConfigurationError
from gateway.inspection.engine import Engine

pytest.importorskip("presidio_analyzer")

from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.predefined_recognizers import EmailRecognizer, SpacyRecognizer

from gateway.inspection.presidio import LexgateRecognizer, NoNlpEngine, PresidioDetector


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


def test_our_engine_as_a_presidio_recogniser():
    ours = LexgateRecognizer(Engine(names=False))
    registry = RecognizerRegistry(recognizers=[ours], supported_languages=["en"])
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=NoNlpEngine(["en"]), supported_languages=["en"])
    text = "mail li@example.com, card 4111 1111 1111 1111"
    found = {(result.entity_type, text[result.start : result.end]) for result in analyzer.analyze(text, "en")}
    assert found == {("EMAIL_ADDRESS", "li@example.com"), ("CREDIT_CARD", "4111 1111 1111 1111")}
    only = analyzer.analyze(text, "en", entities=["CREDIT_CARD"])
    assert [result.entity_type for result in only] == ["CREDIT_CARD"]


def test_a_presidio_recogniser_in_our_engine():
    badge = PatternRecognizer("BADGE", patterns=[Pattern("badge", r"\bBADGE-\d{4}\b", 0.8)])
    engine = Engine(names=False, recognizers=(), detectors=[PresidioDetector([badge, EmailRecognizer()])])
    text = "BADGE-1234 of li@example.com"
    assert [(text[span.start : span.end], span.label) for span in engine.inspect(text)] == [
        ("BADGE-1234", "BADGE"),
        ("li@example.com", "EMAIL"),
    ]


def test_a_recogniser_that_needs_a_pipeline_is_refused():
    with pytest.raises(ConfigurationError, match="NLP pipeline"):
        PresidioDetector([SpacyRecognizer()])
