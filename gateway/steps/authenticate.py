"""Step 1: who calls. A principal, or 401 in the protocol's own form; a principal over its limit gets 429."""

from __future__ import annotations

import re
import time
from dataclasses import replace

from gateway.errors import BadRequest, TooManyRequests, Unauthenticated
from gateway.flow import Flow
from gateway.identity.callers import identify
from gateway.ingress.caller import SESSION_HEADERS
from gateway.purposes import GROUND, PURPOSE
from gateway.services import Services

FLOW_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
SESSION = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


async def authenticate(flow: Flow, services: Services) -> None:
    """Finds the principal behind the presented key, token or certificate and counts the call against its limits.

    Raises Unauthenticated or TooManyRequests; both are counted per source and minute instead of recorded one by one.
    Raises Unavailable while the keys of a token's issuer cannot be had.
    """
    if flow.principal is not None:
        return  # a call of the gateway's own, for a principal whom an earlier call has authenticated: gateway/marking/films.py
    caller = flow.caller
    if caller.ambiguous:
        services.refusals.count(caller.peer, BadRequest.code)
        raise BadRequest("a header field that means one thing is given twice")
    try:
        entry = await identify(caller.headers, caller.connection, services)
    except Unauthenticated:
        services.refusals.count(caller.peer, Unauthenticated.code)
        raise
    try:
        services.limits.enter(entry.limits, time.time())
    except TooManyRequests:
        services.refusals.count(entry.principal.key_id, TooManyRequests.code)
        raise
    flow.limits = entry.limits
    flow.several_tenants = services.settings.several_tenants
    flow.principal = flow.who = entry.principal
    headers = caller.headers
    if b"lexgate-purpose" in headers and (purpose := caller.header(b"lexgate-purpose")):
        if not PURPOSE.fullmatch(purpose):
            raise BadRequest("Lexgate-Purpose is not a purpose's name", param="lexgate-purpose")
        if purpose.endswith(GROUND) and purpose not in entry.application.purposes:
            raise BadRequest("this application may not call on that legal ground", param="lexgate-purpose")
        flow.principal = flow.who = replace(entry.principal, purpose=purpose)
    if b"lexgate-label" in headers and not (entry.application.label_off and headers[b"lexgate-label"] == b"none"):
        raise BadRequest("Lexgate-Label: none is for applications with label_off", param="lexgate-label")
    if b"lexgate-parent" in headers and FLOW_ID.fullmatch(parent := caller.header(b"lexgate-parent")):
        flow.parents = (parent,)
    if not headers.keys().isdisjoint(SESSION_HEADERS):
        flow.session = next((s for name in SESSION_HEADERS if SESSION.fullmatch(s := caller.header(name))), "")
