"""Step 4: what class of data it is, and where it comes from. Categories, a grade, the flows that it is a child of."""

from __future__ import annotations

from gateway.flow import Flow
from gateway.inspection.classifier import classify as classification_of
from gateway.services import Services


async def classify(flow: Flow, services: Services) -> None:
    """Grades the call by its findings and by what nobody could read; finds its parents by what it carries."""
    parents = services.lineage.parents(flow)
    flow.parents, flow.parents_by = tuple(parents), tuple(parents.values())
    if not flow.findings:
        flow.classification = services.decided_calls.classification(flow.unread, flow.uninspected)
        return
    known = flow.known
    flow.classification = known.classification if known is not None else None
    if flow.classification is None:
        flow.classification = classification_of(
            flow.findings, flow.uninspected, why=flow.unread, replaceable=flow.replaceable
        )
        if known is not None:
            known.classification = flow.classification
