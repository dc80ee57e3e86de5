"""What the gateway asks of a client to providers. Two real ones keep it: `http1.Http1Client` and `client.UpstreamClient`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol

from gateway.errors import UpstreamFailed
from gateway.protocols.pipe import Pipe
from gateway.settings import Provider


class Unreachable(UpstreamFailed):
    """No byte of the call reached the provider: another provider may be tried."""


class Busy(UpstreamFailed):
    """The provider says that it is busy, in no form that could be passed on: its status and `Retry-After` still are."""

    def __init__(self, message: str, *, status: int, retry_after: int | None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.status = status


class UpstreamAnswer(Protocol):
    """A provider's answer whose body is still arriving."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises UpstreamTimeout, or UpstreamFailed when the connection breaks."""
        ...

    async def relay(self, take: Callable[[bytes], bool], pipe: Pipe | None = None) -> None:
        """Hands the body to `take` as it is read, until that says False, or the body ends or fails: `chunks` has the rest.

        Whole chunks of HTTP may be offered to `pipe` first, while it is open; it is closed at the end. A client may hand over
        nothing. Raises what `take` and `pipe` raise.
        """
        ...

    def whole(self) -> bytes | None:
        """All of the body, where all of it is here and nothing was taken yet; else None. `chunks` still has it."""
        ...

    def close(self) -> None:
        """Ends the exchange; a connection whose answer was not read to its end is not used again."""
        ...


class Upstream(Protocol):
    """Connection pools to the configured providers."""

    async def post(
        self, provider: Provider, path: str, headers: Mapping[str, str], body: bytes, method: str = "POST"
    ) -> UpstreamAnswer:
        """Sends one call and waits for the head of its answer. `method`: GET and DELETE are for jobs alone.

        Raises Unreachable (nothing was sent), UpstreamTimeout, UpstreamFailed.
        """
        ...

    async def reach(self, provider: Provider) -> None:
        """Connects as far as a call would, and sends nothing of one. Raises Unreachable, UpstreamFailed."""
        ...

    async def close(self) -> None: ...
