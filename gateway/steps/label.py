"""Step 10: the marks that the decision and the audience ask for: what a model made must be recognisable as such.

Every answer is fingerprinted after its last byte (step 12). An explicit text label is one delta of its own at the end
of an answer to a public audience; never in tool calls, JSON mode or code. Outputs that are no text are marked by a
marking worker as they are delivered (`gateway/marking/outputs.py`).
"""

from __future__ import annotations

from gateway.flow import Flow
from gateway.marking.demand import demand_of
from gateway.marking.outputs import Outputs
from gateway.services import Services

FINGERPRINT = "fingerprint"
EXPLICIT_TEXT = "explicit_text"


async def label(flow: Flow, services: Services) -> None:
    """Says which marks this answer gets."""
    request, decision = flow.request, flow.decision
    if request is None or decision is None:
        raise RuntimeError("this step runs after guard")
    flow.labels = (FINGERPRINT,) if request.generates else ()
    if flow.who.audience != "public" and not decision.labels:
        return
    demand = demand_of(flow, services)
    if demand is None:
        return
    flow.outputs = Outputs(flow, services, demand)
    marking = demand.marking("text")
    if request.json_mode or not request.generates or not (marking.notice or marking.c2pa):
        return
    flow.labels = (FINGERPRINT, EXPLICIT_TEXT) if marking.notice else (FINGERPRINT,)
    flow.explicit_label = flow.outputs.label
