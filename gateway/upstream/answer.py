"""One answer of a provider: parsed as it arrives, read as it is consumed. RFC 9112, strictly.

What is not plain HTTP/1.1 is refused rather than guessed: two framings at once, folded header lines, other protocols.
The parser is llhttp in its strict mode; this module adds the limits and the end of a body that ends with its connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from itertools import count
from types import MappingProxyType
from typing import Protocol

import httptools

from gateway.errors import LexgateError, UpstreamFailed
from gateway.plain_heads import answer
from gateway.protocols.pipe import Pipe
from gateway.upstream.content_coding import Decompressor, decompressor

HEAD_BYTES = 65_536
HEAD_FIELDS = 128
SILENT_BYTES = 2 * HEAD_BYTES
"""Most bytes in a row that carry no body: interim answers, heads, chunk extensions, trailers."""
LINE_FEED = 10
NO_BODY = frozenset({204, 304})

KNOWN: Mapping[bytes, str] = {
    written: name
    for name in ("content-type", "content-length", "transfer-encoding", "connection", "date", "server", "keep-alive")
    for written in (name.encode(), name.title().encode())
}
"""Names of fields as they are usually written."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Carrier(Protocol):
    """The connection, as far as an answer needs it."""

    def resume(self) -> None:
        """What was buffered has been consumed: more may be read."""

    def drop(self) -> None:
        """Closes the connection at once."""


class Answer:
    """A provider's answer whose body is still arriving. Close it when done, read whole or not.

    `status` is 0 until the head is complete; header names are lower-case, repeated fields joined with commas.
    """

    __slots__ = (
        "_begun", "_carrier", "_chunked", "_chunks_begun", "_chunks_ended", "_decoder", "_error", "_fields", "_fresh", "_interim",
        "_loop", "_name", "_offered", "_parser", "_pieces", "_silent", "_size", "_taker", "_until_close", "_waiter", "complete",
        "headers", "keep_alive", "on_body", "on_chunk_complete", "on_chunk_header", "pipe", "status", "surplus", "unread",
    )  # fmt: skip

    def __init__(self, carrier: Carrier, loop: asyncio.AbstractEventLoop, name: str) -> None:
        self.status = 0
        self.headers = _NOTHING
        self.complete = self.surplus = self.keep_alive = False
        self.unread = 0
        self._carrier: Carrier | None = carrier
        self._loop = loop
        self._name = name
        self._parser: httptools.HttpResponseParser | None = None
        self._fresh = True  # nothing has been fed yet
        self._silent = 0
        self._interim = self._until_close = self._begun = False
        self._pieces: list[bytes] = []
        self._decoder: Decompressor | None = None
        self._error: LexgateError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._taker: Callable[[bytes], bool] | None = None
        self._offered: Pipe | None = None
        self.pipe: Pipe | None = None  # what the next bytes can be offered to: they begin with a chunk of HTTP

    # --- what its caller does ---

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises UpstreamTimeout, or UpstreamFailed when the connection breaks."""
        return self

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while True:
            if self._decoder is not None and (text := self._decoded(self._decoder)):
                return text
            if self._pieces:
                data = self._take()
                if self._decoder is None:
                    return data
                self._decoder.feed(data)
            elif self.complete:
                self._finish_decoding()
                raise StopAsyncIteration
            elif self._error is not None:
                raise self._error
            else:
                await self._wait()

    async def relay(self, take: Callable[[bytes], bool], pipe: Pipe | None = None) -> None:
        """Hands the body to `take` in the callback that reads it, so that no task wakes up for a piece of a stream.

        Until `take` says False, or the body ends or fails: `__anext__` has the rest, and says which. What was handed over is
        taken in any case. Whole chunks of HTTP are offered to `pipe` before. A body that is coded is not for this way. Raises what
        `take` and `pipe` raise.
        """
        if self._decoder is not None:
            return
        self._taker, self._offered, self._begun = take, pipe, True
        try:
            if self._pieces and not take(self._take()):
                return
            while self._relays and not self.complete and self._error is None:
                await self._wait()
        finally:
            self._taker = self._offered = self.pipe = None
            if pipe is not None:
                pipe.open(None)

    def whole(self) -> bytes | None:
        """All of the body as it stands in one piece, where it came with nothing taken of it, and not coded; else None."""
        pieces = self._pieces
        return pieces[0] if self.complete and len(pieces) == 1 and not self._begun and self._decoder is None else None

    @property
    def _relays(self) -> bool:
        return self._taker is not None

    async def begun(self) -> None:
        """Waits for the head. Raises UpstreamTimeout, UpstreamFailed."""
        while not self.status:
            if self._error is not None:
                raise self._error
            await self._wait()

    def close(self) -> None:
        """Ends the exchange; a connection whose answer was not read to its end is not used again."""
        if not self.complete and self._error is None:
            self.fail(UpstreamFailed("the exchange with the provider was ended"))
        self._pieces.clear()
        self.unread = 0

    # --- what its connection does ---

    @property
    def failed(self) -> bool:
        return self._error is not None

    def feed(self, data: bytes) -> bool:
        """Bytes from the provider. True: they went on at once, and more may come; else look at `complete`, `failed`, `unread`."""
        if self._fresh and self._carrier is not None:
            self._fresh = False
            if self._taker is None and self._fed_whole(data):
                return False
            self._parse()
        parser = self._parser
        if parser is None:
            return False
        pieces = self._pieces
        known = len(pieces)
        try:
            parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.surplus = True  # of a complete answer: it stands, but its connection has had its day
            self.fail(UpstreamFailed(f"provider {self._name} answered with something that is not HTTP/1.1"))
        if len(pieces) == known:
            self._silent += len(data)
            if self._silent > SILENT_BYTES:
                self.fail(UpstreamFailed(f"provider {self._name} sent an answer without end or content"))
        else:
            self._silent = 0
            self.unread += sum(map(len, pieces[known:] if known else pieces))
        taker = self._taker
        if taker is not None and pieces:
            try:
                if taker(self._joined()):
                    if not self.complete and self._error is None:
                        self.pipe = self._offered if self._between(data) else None
                        return True
                else:
                    self._taker = None
            except Exception as problem:
                self.blame(problem)
        if self.status and (self._taker is None or self.complete):
            self._wake()
        return False

    def _parse(self) -> None:
        """From here on a parser reads it."""
        self._fields: dict[str, str] = {}
        self._size = 0
        # What the parser finds in each of many chunks is noted by the interpreter's own functions.
        self._chunked = False
        self._chunks_begun, self._chunks_ended = count(), count()
        self.on_body = self._pieces.append
        self.on_chunk_header, self.on_chunk_complete = self._chunks_begun.__next__, self._chunks_ended.__next__
        self._parser = httptools.HttpResponseParser(self)

    def _fed_whole(self, data: bytes) -> bool:
        """Takes an answer that came whole and is plain, without a parser."""
        found = answer(data)
        if found is None:
            return False
        self.status, fields, body = found
        self.headers = MappingProxyType(fields)
        self._pieces.append(body)
        self.unread = len(body)
        self.keep_alive = self.complete = True
        self._let_go(drop=False)
        self._wake()
        return True

    def blame(self, problem: Exception) -> None:
        """Whoever relays gets it: the connection has done nothing wrong."""
        self._taker = None
        self._wake(problem)

    def end(self, *, clean: bool) -> None:
        """The connection has ended: by the provider's own hand (`clean`), or not."""
        if clean and self._until_close and not self.failed:
            self._completed()
        elif not self.status:
            self.fail(UpstreamFailed(f"provider {self._name} broke the connection before it answered"))
        else:
            self.fail(UpstreamFailed("the connection to the provider broke"))
        self._wake()

    def fail(self, error: LexgateError) -> None:
        """The first reason stands; a complete answer stays complete. What had arrived can still be read."""
        if self._error is not None or self.complete:
            return
        self._error = error
        self._let_go(drop=True)
        self._wake()

    def keep_alive_s(self) -> float:
        """How long the provider says it keeps an idle connection (`Keep-Alive: timeout=N`); endless when it does not."""
        if "keep-alive" not in self.headers:
            return float("inf")
        for part in self.headers["keep-alive"].split(","):
            name, _, value = part.strip().partition("=")
            if name.lower() == "timeout":
                return float(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0.0
        return float("inf")

    # --- what the parser finds ---

    def on_message_begin(self) -> None:
        if self.complete:
            self.surplus = True
            raise self._refused("said more than its answer")  # nothing more is read

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status:
            return  # trailers, or what follows a complete answer: neither is of use
        self._size += len(name) + len(value)
        if self._size > HEAD_BYTES or len(self._fields) >= HEAD_FIELDS:
            raise self._refused("answered with a head larger than allowed")
        key, text = KNOWN.get(name) or name.lower().decode("latin-1"), value.decode("latin-1").rstrip(" \t")
        fields = self._fields
        fields[key] = f"{fields[key]}, {text}" if key in fields else text

    def on_headers_complete(self) -> None:
        if self._parser is None or self.complete:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != 101:
            self._interim = True
            self._fields = {}
            return
        if not 200 <= status < 600:
            raise self._refused("answered with a status that is not an answer")
        self._frame(status, self._fields, self._parser.get_http_version())
        self.headers = MappingProxyType(self._fields)
        self.status = status

    def on_message_complete(self) -> None:
        if self._interim:
            self._interim = False
        elif not self.complete and self._parser is not None:
            self.keep_alive = self._parser.should_keep_alive()
            self._completed()

    # --- inside ---

    def _frame(self, status: int, fields: Mapping[str, str], version: str) -> None:
        """How the body is delimited (RFC 9112 §6.3) and coded. Raises for what two readers could understand differently."""
        coding = fields.get("transfer-encoding")
        if version not in ("1.1", "1.0"):
            raise self._refused("answered in another version of HTTP")
        if coding is not None and (coding.lower() != "chunked" or "content-length" in fields or version == "1.0"):
            raise self._refused("answered with a body whose end is ambiguous")
        self._chunked = coding is not None
        self._until_close = coding is None and "content-length" not in fields and status not in NO_BODY
        if "content-encoding" in fields:
            try:
                self._decoder = decompressor(fields["content-encoding"])
            except UpstreamFailed as error:
                self.fail(error)
                raise

    def _refused(self, what: str) -> UpstreamFailed:
        """An error for the caller, also raised through the parser so that it stops."""
        error = UpstreamFailed(f"provider {self._name} {what}")
        self.fail(error)
        return error

    def _completed(self) -> None:
        self.complete = True
        self._let_go(drop=False)

    def _let_go(self, *, drop: bool) -> None:
        carrier, self._carrier, self._parser = self._carrier, None, None
        if drop and carrier is not None:
            carrier.drop()

    def _between(self, data: bytes) -> bool:
        """Whether these bytes ended where a chunk of HTTP did, and no byte of the next one has been read.

        They end with the chunk's line end then; what would end like this without being one is no HTTP.
        """
        return self._chunked and data[-1] == LINE_FEED and next(self._chunks_begun) == next(self._chunks_ended)

    def _take(self) -> bytes:
        self._begun = True
        if self._carrier is not None:
            self._carrier.resume()
        return self._joined()

    def _joined(self) -> bytes:
        pieces, self.unread = self._pieces, 0
        joined = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        return joined

    def _decoded(self, decoder: Decompressor) -> bytes:
        try:
            return decoder.read()
        except UpstreamFailed:
            self.close()
            raise

    def _finish_decoding(self) -> None:
        if self._decoder is not None:
            self._decoder.finish()

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        except BaseException:  # the caller gave up: what is on its way belongs to nobody
            self.close()
            raise
        finally:
            self._waiter = None

    def _wake(self, problem: Exception | None = None) -> None:
        if self._waiter is None or self._waiter.done():
            return
        if problem is None:
            self._waiter.set_result(None)
        else:
            self._waiter.set_exception(problem)
