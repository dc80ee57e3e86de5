"""Calls that continue an earlier response (`previous_response_id`), which only its provider has.

A caller continues what this gateway gave to it: the earlier content was inspected, decided and redacted then, so it is
no unread reference now, and its placeholders are restored in the answer. Any other id is refused like one that does not
exist, whoever has it: the provider's account is the gateway's, and would not tell callers apart.
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from gateway.errors import NotFound, Unavailable
from gateway.vault import Earlier

if TYPE_CHECKING:
    from gateway.flow import Flow
    from gateway.services import Services

log = structlog.get_logger("lexgate.continuing")


async def continue_earlier(flow: Flow, services: Services) -> None:
    """Finds the earlier response that this call continues. Raises NotFound, Unavailable."""
    request = flow.request
    if request is None or not request.previous:
        return
    try:
        known = await asyncio.to_thread(services.vault.find, flow.who.tenant, _principal(flow), request.previous)
    except sqlite3.Error as error:
        raise Unavailable("the vault of earlier responses does not answer, so the call is refused") from error
    if known is None and flow.endpoint.job:
        raise NotFound("this gateway made no job with this id for this caller", param="video_id")
    if known is None:
        raise NotFound(
            "this gateway gave no response with this id to this caller: send the conversation itself as input",
            param="previous_response_id",
        )
    flow.earlier = known
    flow.parents = tuple(dict.fromkeys((*flow.parents, known.flow)))
    flow.request = request.continuing() if request.model else replace(request, model=known.model)


async def keep_answer(flow: Flow, services: Services) -> None:
    """Keeps what a later call needs in order to continue this answer. Without it, that call is refused."""
    request, report, rules, provider = flow.request, flow.report, flow.rules, flow.provider
    if request is None or report is None or rules is None or provider is None:
        return
    if not request.stored or not report.complete or not report.response_id:
        return
    earlier = Earlier(provider.name, flow.id, rules.placeholders, request.model)
    try:
        await asyncio.to_thread(services.vault.keep, flow.who.tenant, _principal(flow), report.response_id, earlier)
    except sqlite3.Error as error:
        log.error("a response cannot be continued later", flow=flow.id, error=type(error).__name__)


def _principal(flow: Flow) -> str:
    return f"{flow.who.application}/{flow.who.user}"
