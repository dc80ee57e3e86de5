"""Step 4: what class of data it is. Categories, a grade, and the data subjects as keyed hashes."""

from __future__ import annotations

from gateway.flow import Flow
from gateway.inspection.classifier import classify as classification_of
from gateway.services import Services


async def classify(flow: Flow, services: Services) -> None:
    """Grades the call by its findings and by what nobody could read."""
    if not flow.findings:
        flow.classification = services.decided_calls.classification(flow.uninspected)
        return
    known = flow.known
    flow.classification = known.classification if known is not None else None
    if flow.classification is None:
        flow.classification = classification_of(flow.findings, flow.uninspected)
        if known is not None:
            known.classification = flow.classification
