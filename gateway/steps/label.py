"""Step 10: the marks that the decision and the audience ask for: what a model made must be recognisable as such.

Every answer is fingerprinted after its last byte (step 12). An explicit text label is one delta of its own at the end
of an answer to a public audience; never in tool calls, JSON mode or code.
"""

from __future__ import annotations

from gateway.flow import Flow
from gateway.services import Services
from watermark.label import language_of, text_label
from watermark.profile import profile_for

FINGERPRINT = "fingerprint"
EXPLICIT_TEXT = "explicit_text"


async def label(flow: Flow, services: Services) -> None:
    """Says which marks this answer gets."""
    request, decision = flow.request, flow.decision
    if request is None or decision is None:
        raise RuntimeError("this step runs after guard")
    flow.labels = (FINGERPRINT,) if request.generates else ()
    demanded = "explicit" in decision.labels
    if (flow.who.audience != "public" and not demanded) or request.json_mode or not request.generates:
        return
    profile = profile_for(flow.who.country, "public", services.settings.labels.profile)
    if profile is None:
        return
    flow.labels = (FINGERPRINT, EXPLICIT_TEXT)
    flow.explicit_label = lambda text: f"\n\n{text_label(profile, language_of(text))}"
