"""Step 5: whether, where and how it may go. Counters are reserved before the decision and kept with the intent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from audit.canonical import Prepared
from audit.errors import AuditError
from gateway.deciding.counters import uses
from gateway.deciding.decided_calls import Decided
from gateway.deciding.facts import document
from gateway.errors import BadRequest, Denied, NotFound, Unavailable
from gateway.flow import Flow
from gateway.marking.demand import demand_of
from gateway.services import Services
from gateway.settings import Provider
from gateway.upstream.health import resting
from gateway.upstream.key_pool import awake_first
from policies.decision import Decision
from policies.errors import PolicyFailed

REFUSING = frozenset({"block", "approval", "route"})
"""Actions that keep a call from this destination."""


async def decide(flow: Flow, services: Services) -> None:
    """Chooses a destination and decides for it. A rule that asks for another jurisdiction is decided again there.

    A provider whose breaker is open is passed over; one whose keys all rest is asked last. Raises Denied (with rule,
    citation and remedy), NotFound (no provider), Resting (none that works), Unavailable (policy or counters failed),
    BadRequest (the caller asked for no label, and this decision or its profile demands one).
    """
    flow.attempt += 1
    flow.routed = False
    candidates = _candidates(flow, services)
    decision = await _decide_for(flow, services, candidates[0])
    if decision.action == "route":
        for provider in candidates[1:]:
            if provider.jurisdiction in decision.route:
                flow.routed = True
                decision = await _decide_for(flow, services, provider)
                if decision.action not in REFUSING:
                    break
    if decision.action in REFUSING:
        await _release(flow)
        raise _denial(decision)
    if b"lexgate-label" in flow.caller.headers:
        await _may_do_without(flow, services)


async def _may_do_without(flow: Flow, services: Services) -> None:
    """Whether the explicit label can be left out, as the caller asks: told before anything leaves. Raises BadRequest."""
    try:
        demand_of(flow, services)
    except BadRequest:
        await _release(flow)
        raise


def _candidates(flow: Flow, services: Services) -> Sequence[Provider]:
    request = flow.request
    if request is None:
        raise RuntimeError("this step runs after classify")
    serving = services.routes.candidates(flow.endpoint.family, request.model)
    if len(serving) == 1 and flow.attempt == 1 and flow.earlier is None and services.health.admits(serving[0]):
        return serving  # as for most calls
    if flow.earlier is not None:  # nobody else has the earlier response
        serving = tuple(provider for provider in serving if provider.name == flow.earlier.provider)
    if not serving:
        raise NotFound("no configured provider serves this model", param="model")
    untried = [provider for provider in serving if provider.name not in flow.providers_tried]
    able = [provider for provider in untried if services.health.admits(provider)]
    if not able:
        raise resting([services.health.wait(provider) for provider in untried], "every provider of this model")
    return able if len(able) == 1 else awake_first(able, services.key_pools, request.model, services.health.clock())


async def _decide_for(flow: Flow, services: Services, provider: Provider) -> Decision:
    content = flow.classification
    if content is None:
        raise RuntimeError("this step runs after classify")
    flow.provider = provider
    if flow.reserved:
        await _release(flow)
    wanted = uses(content.subjects, flow.who.country, provider.jurisdiction, provider.name, flow.time_us)
    if not wanted and (again := services.decided_calls.again(flow, provider)) is not None:
        flow.decided, flow.facts, flow.decision = again, again.facts, again.decision
        return again.decision
    counters: dict[str, int] = {}
    new: dict[str, int] = {}
    if wanted:
        new = {kind: len(subjects) for kind, subjects in content.subjects.items()}
        flow.reserved = True
        try:
            async with asyncio.timeout(services.settings.timeouts.record):
                states = await flow.log.reserve(flow.id, flow.who.tenant, tuple(wanted.values()), flow.time_us)
        except (AuditError, TimeoutError) as error:
            raise Unavailable("the counters of data subjects are not available, so the call is refused") from error
        for name, state in zip(wanted, states, strict=True):
            counters[name] = state.before
            new[name.split("_")[1]] = state.new

    def decided() -> Decided:
        added = new or {kind: len(subjects) for kind, subjects in content.subjects.items()}
        facts = services.policy.canonical(document(flow, provider, services.settings, counters, added))
        return Decided(Prepared(facts), services.policy.decide(facts))

    counted = (tuple(counters.items()), tuple(new.items())) if wanted else ()
    try:
        known = flow.decided = services.decided_calls.decided(flow, provider, counted, decided)
    except PolicyFailed as error:
        raise Unavailable("the policy could not decide, so the call is refused") from error
    flow.facts, flow.decision = known.facts, known.decision
    return known.decision


async def _release(flow: Flow) -> None:
    if flow.reserved:
        flow.reserved = False
        with contextlib.suppress(AuditError):  # a lost log frees its reservations itself
            await flow.log.release(flow.id)


def _denial(decision: Decision) -> Denied:
    """The refusal in the words of the strongest rule that asked for it."""
    rule = decision.leading
    if rule is None:
        return Denied("policy refused this call")
    return Denied(rule.message, rule=rule.id, citation=rule.citation, remedy=rule.remedy)
