"""POST /api/decide: what the active policy bundle says of a policy input document."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from gateway.control.deps import ControlDeps, PolicyDecision
from gateway.control.facts import DecideQuestion
from gateway.control.governed import governed
from gateway.control.models import DecideAnswer
from gateway.control.operators import Permission
from gateway.control.problems import Answer, Unprocessable
from gateway.control.threads import Threads
from policies.errors import FactsInvalid, PolicyError
from policies.facts import canonical


def add(app: FastAPI, deps: ControlDeps, thread: Threads) -> None:
    """Register the endpoint. `thread` is the one thread that the policy engine belongs to."""

    @app.post("/api/decide", tags=["decisions"], **_described())
    async def decide(question: DecideQuestion) -> Answer:
        """Decide as the gateway would, without effect: no counter moves and nothing is recorded.

        When the bundle reaches no decision the answer is 422: a call with these facts would be refused.
        """
        try:
            facts = canonical(question.document())
            decision = await thread.run(deps.policy_deadline_s, deps.policy, facts)
        except FactsInvalid as error:
            raise Unprocessable(f"body.{error.path}: {error.reason}"[:400]) from None
        except PolicyError:
            raise Unprocessable(
                "the active bundle reaches no decision on these facts; such a call is refused"
            ) from None
        return Answer(told(decision))


def told(decision: PolicyDecision) -> dict[str, Any]:
    """A decision as the API tells it."""
    rules = [
        {
            "id": rule.id,
            "effect": rule.effect,
            "citation": rule.citation,
            "message": rule.message,
            "remedy": rule.remedy,
        }
        for rule in decision.rules
    ]
    return {
        "decision": decision.action,
        "obligations": {
            "redact": dict(decision.redact),
            "route": list(decision.route),
            "cap": decision.cap,
            "labels": list(decision.labels),
            "log": decision.log,
            "guard": decision.guard,
            "tier": decision.tier,
        },
        "rules": rules,
        "citations": list(dict.fromkeys(rule["citation"] for rule in rules if rule["citation"])),
        "mechanism": decision.mechanism,
        "bundle": decision.bundle,
    }


def _described() -> dict[str, Any]:
    route = governed(Permission.DECIDE, 408, 413, 415, 422, 503)
    route["responses"][200] = {"model": DecideAnswer, "description": "The decision"}
    return route
