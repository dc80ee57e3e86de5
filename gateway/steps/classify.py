"""Step 4: what class of data it is. Categories, a grade, and the data subjects as keyed hashes."""

from __future__ import annotations

from gateway.flow import Flow
from gateway.inspection.classifier import classify as classification_of
from gateway.services import Services


async def classify(flow: Flow, services: Services) -> None:
    """Grades the call by its findings and by what nobody could read."""
    if flow.findings:
        flow.classification = classification_of(flow.findings, flow.uninspected)
        return
    flow.classification = services.decided_calls.classification(flow.uninspected)
