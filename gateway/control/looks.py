"""Looks at content, over API and page: who may look, how often and how many at once, and what they are told.

Strangers are counted by address (of IPv6 its network of 64 bits), operators are not. Room is taken before a body is read,
so that nobody fills the memory with files that wait.
"""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from audit.console.app import Looked
from audit.errors import AuditError
from gateway.content.words import Language, as_document
from gateway.control.deps import Access, ControlDeps
from gateway.control.operators import Operator, Permission, authenticate
from gateway.control.problems import log
from gateway.control.scope import ScopedRecords
from gateway.control.threads import Threads
from gateway.errors import BadRequest, LexgateError, TooManyRequests, Unauthenticated, Unavailable
from gateway.protocols.multipart import read_form

MOST_AT_ONCE = 8
MOST_STRANGERS = 4
"""Of them: operators are served while strangers come in numbers."""
MOST_ADDRESSES = 10_000
KEY_BYTES = 512


class Looks:
    """What the API and the page share. Belongs to one event loop."""

    def __init__(
        self, deps: ControlDeps, threads: Threads, strangers: Threads, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`strangers`: their threads, fewer than the processes that examine, so that some are left for operators."""
        self._deps = deps
        self._threads = threads
        self._public_threads = strangers
        self._rate = Rate(deps.content.public_per_minute, clock)
        self._strangers = 0
        self._open = 0

    @property
    def public(self) -> bool:
        """Whether strangers are answered."""
        return self._deps.content.public

    @property
    def largest(self) -> int:
        """Bytes of a body."""
        return self._deps.content.bytes

    @contextlib.asynccontextmanager
    async def room(self, address: str, operator: Operator | None) -> AsyncIterator[None]:
        """Room for one look. Raises TooManyRequests, Unavailable."""
        if operator is None:
            self._rate.take(address)
        if self._open >= MOST_AT_ONCE or (operator is None and self._strangers >= MOST_STRANGERS):
            raise Unavailable("too many files are being looked at", retry_after=2)
        self._open += 1
        self._strangers += operator is None
        try:
            yield
        finally:
            self._open -= 1
            self._strangers -= operator is None

    @contextlib.asynccontextmanager
    async def admitted(self, address: str) -> AsyncIterator[Looked | None]:
        """The same for the page, whose form carries the key in its body: whoever comes is a stranger until it is read."""
        async with contextlib.AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self.room(address, None))
            except LexgateError as error:
                yield Looked(error.status, problem=error.message)
            else:
                yield None

    async def form(self, body: bytes, language: Language) -> Looked:
        """The answer to the page's form."""
        try:
            fields = _fields(body)
            key = fields.get("key", b"").strip()
            operator = self._operator(key)
            text = fields.get("text", b"")
            data, declared = (fields["file"], "") if fields.get("file") else (text, "text/plain")
            answer = await self.look(operator, data, declared, fields.get("sidecar", b""), language)
        except LexgateError as error:
            return Looked(error.status, problem=f"{error.message[0].upper()}{error.message[1:]}.")
        except AuditError as error:
            log.error("the records could not be read: %s", type(error).__name__)
            return Looked(503, problem="The records cannot be read now.")
        return Looked(200, answer=answer)

    async def look(
        self, operator: Operator | None, data: bytes, declared: str, sidecar: bytes, language: Language
    ) -> Mapping[str, Any]:
        """What is known of the content: for an operator by the record of their tenants, for strangers by itself alone."""
        deps = self._deps
        if not data:
            raise BadRequest("there is no content to verify")
        deadline = deps.content.seconds + 30.0
        if operator is None:
            found = await self._public_threads.run(deadline, deps.verifier.public, data, declared, sidecar)
            return as_document(found, language)
        records = ScopedRecords(deps.records, operator.tenants).get
        found = await self._threads.run(
            deadline, deps.verifier.verify, data, declared, operator.tenants, records, sidecar
        )
        await self._tell(operator, len(found.matches))
        return as_document(found, language)

    async def _tell(self, operator: Operator, found: int) -> None:
        """Who looks at records is itself recorded; a look that cannot be recorded shows nothing."""
        if self._deps.on_access is None:
            return
        try:
            await self._deps.on_access(operator, Access(Permission.VERIFY, found=found))
        except Exception as error:
            log.error("a look at content could not be recorded: %s", type(error).__name__)
            raise Unavailable("this look could not be recorded, so nothing is shown", retry_after=5) from None

    def _operator(self, key: bytes) -> Operator | None:
        if not key:
            if not self.public:
                raise Unauthenticated("present an operator key: verification is not open to the public here")
            return None
        operator = authenticate(self._deps.operators, [b"Bearer " + key[:KEY_BYTES]])
        operator.require(Permission.VERIFY)
        return operator


def _fields(body: bytes) -> dict[str, bytes]:
    """The values of a form's fields. Raises BadRequest for a form that has one twice, or others."""
    _, fields = read_form(body)
    found: dict[str, bytes] = {}
    for field in fields:
        if field.name not in {"key", "file", "text", "sidecar"} or field.name in found:
            raise BadRequest("the form has the fields key, file, text and sidecar, each at most once")
        found[field.name] = body[field.start : field.end]
    return found


class Rate:
    """So many looks a minute for one address, as a bucket that fills steadily. Bounded memory: the oldest are forgotten."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._most = float(per_minute)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> None:
        """Raises TooManyRequests, which says when to come again."""
        name, now = _network(address), self._clock()
        left, at = self._left.pop(name, (self._most, now))
        left = min(self._most, left + (now - at) * self._most / 60)
        self._left[name] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > MOST_ADDRESSES:
            self._left.popitem(last=False)
        if left < 1:
            wait = max(1, round((1 - left) * 60 / self._most))
            raise TooManyRequests("too many looks from this address", retry_after=wait)


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(IPv6Network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address
