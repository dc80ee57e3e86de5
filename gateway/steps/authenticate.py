"""Step 1: who calls. A principal, or 401 in the protocol's own form; a principal over its limit gets 429."""

from __future__ import annotations

import dataclasses
import re
import time

from gateway.directory import presented_key
from gateway.errors import BadRequest, TooManyRequests, Unauthenticated
from gateway.flow import Flow
from gateway.services import Services

PURPOSE = re.compile(r"[a-z]{1,24}(_[a-z]{1,24}){0,5}")
"""A purpose is a name from a vocabulary, not a text: it stands in records in the clear."""
FLOW_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
GROUND = "_necessary"
"""Purposes that end so are legal grounds, which lift limits: a caller cannot claim one that its application lacks."""
SESSION_HEADERS = (b"x-claude-code-session-id", b"session-id", b"session_id", b"thread-id")
SESSION = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


async def authenticate(flow: Flow, services: Services) -> None:
    """Finds the principal behind the presented key and counts the call against its limits.

    Raises Unauthenticated or TooManyRequests; both are counted per source and minute instead of recorded one by one.
    """
    caller = flow.caller
    if caller.ambiguous:
        services.refusals.count(caller.peer, BadRequest.code)
        raise BadRequest("a header field that means one thing is given twice")
    entry = services.directory.find(presented_key(caller.headers))
    if entry is None:
        services.refusals.count(caller.peer, Unauthenticated.code)
        raise Unauthenticated("no such key: present a Lexgate key where the provider's would go")
    try:
        services.limits.enter(entry.limits, time.time())
    except TooManyRequests:
        services.refusals.count(entry.principal.key_id, TooManyRequests.code)
        raise
    flow.limits = entry.limits
    flow.principal = entry.principal
    purpose = caller.header(b"lexgate-purpose")
    if purpose:
        if not PURPOSE.fullmatch(purpose):
            raise BadRequest("Lexgate-Purpose is not a purpose's name", param="lexgate-purpose")
        if purpose.endswith(GROUND) and purpose not in entry.application.purposes:
            raise BadRequest("this application may not call on that legal ground", param="lexgate-purpose")
        flow.principal = dataclasses.replace(entry.principal, purpose=purpose)
    parent = caller.header(b"lexgate-parent")
    if FLOW_ID.fullmatch(parent):
        flow.parents = (parent,)
    flow.session = next((s for name in SESSION_HEADERS if SESSION.fullmatch(s := caller.header(name))), "")
