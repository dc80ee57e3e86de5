"""The outputs of one call that are no text: found in the answer's bytes, marked by a worker, spliced back in.

It stands behind the guard and works on whole events, so a stream stays a stream: what is held back is the one event that
holds a picture, for as long as the picture is marked. What cannot be marked is not delivered: the call ends there.
An answer that says the same picture twice (an item, then the final response) carries the same marked one twice.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson

from gateway.errors import Denied, Unavailable, UpstreamFailed
from gateway.flow import Flow, Path
from gateway.marking.content_store import PATH
from gateway.marking.demand import Demand
from gateway.marking.keys import payload_of
from gateway.marking.pieces import Pieces
from gateway.protocols.answer import spliced
from gateway.protocols.given_media import given_in
from gateway.protocols.made_media import Made, decoded, made_in, may_hold
from gateway.protocols.sse import EventReader, read_event
from gateway.services import Services
from watermark.errors import MarkingFailed
from watermark.exact import exact_bytes
from watermark.label import language_of, text_label
from watermark.marking import Ingredient, Marked, MarkingKeys, Origin
from watermark.media_types import canonical, sniff
from watermark.prints.printed import read
from watermark.profile import KINDS
from watermark.text_manifest import TextManifest
from watermark.visible_text import looks_like_text

MOST = 64
"""Outputs of one call that are no text."""
MOST_LARGE = 2
"""How many of the largest that is marked they may weigh together: all of a call's are in memory until its end."""


@dataclass(frozen=True, slots=True)
class Output:
    """One output as it was delivered, for the record."""

    index: int
    media_type: str
    digest: str  # of the bytes as delivered, under the tenant's key
    size: int
    payload: int
    carries: tuple[str, ...]
    profile: str
    timestamped: bool
    hosts: tuple[str, ...] = ()  # where it was fetched from
    known_by: Mapping[str, Any] = field(default_factory=dict, repr=False)  # prints under the tenant's key

    def said(self, flow: str) -> dict[str, Any]:
        """As the record says it."""
        return {
            "index": self.index,
            "media_type": self.media_type,
            "produce_id": f"{flow}-{self.index}",
            "carries": list(self.carries),
            "profile": self.profile,
            "timestamped": self.timestamped,
            "bytes": self.size,
            **({"fetched_from": list(self.hosts)} if self.hosts else {}),
        }


@dataclass(slots=True)
class Outputs:
    """One call's. `passed` for each piece of a stream, or `whole` or `file` once; afterwards `made` says what went out."""

    flow: Flow
    services: Services
    demand: Demand
    provenance: tuple[dict[str, Any], ...] = ()  # what files that came along say of themselves
    _ingredients: tuple[Ingredient, ...] | None = field(default=None, repr=False)
    made: list[Output] = field(default_factory=list)
    text_manifest: str = ""  # c2pa, or why a text has none: short, not NFC, ...; "" where none was asked for
    sidecars: list[str] = field(default_factory=list)  # tokens of their links
    _known: dict[str, tuple[Marked, int]] = field(default_factory=dict, repr=False)
    _weight: int = 0  # bytes of all of them, as they came
    _pieces: Pieces = field(default_factory=Pieces, repr=False)
    _said: list[str] = field(default_factory=list, repr=False)  # Base64 in strings that was marked since the last look

    def said(self) -> dict[str, Any]:
        """As the outcome says it: what was demanded, by which profile, and what each output carries."""
        demand = self.demand
        months = max((marking.keep_months for marking in map(demand.marking, KINDS)), default=0)
        off = {"label_waived": {"profile": demand.profile.name, "keep_months": months}} if demand.waived else {}
        return {
            "marking": {"profile": demand.profile.name, "added": sorted(demand.added)},
            "outputs": [output.said(self.flow.id) for output in self.made],
            **({"ingredients": list(self.provenance)} if self.provenance else {}),
            **({"text_manifest": self.text_manifest} if self.text_manifest else {}),
            **off,
        }

    def known_by(self) -> list[dict[str, Any]]:
        """By what each output is found again: for the group of digests, which is sealed and can be erased."""
        return [
            {"index": made.index, "exact": made.digest, "payload": f"{made.payload:016x}", "known_by": made.known_by}
            for made in self.made
        ]

    async def passed(self, data: bytes) -> bytes:
        """Whole events of a stream, with what they hold marked. Raises LexgateError: then nothing of them may go on."""
        out = await self._events(data) if may_hold(data) else data
        answer = self.flow.answer
        if answer is not None and self._pieces.found(answer.texts(), self._said):
            raise _in_pieces("a picture")
        self._said.clear()
        return out

    async def _events(self, data: bytes) -> bytes:
        request = self.flow.request
        if request is not None and request.framing == "array":
            return b"".join([piece async for piece in self._elements(data)])
        reader, out = EventReader(), []
        events = list(reader.feed(data))
        if rest := reader.rest():  # whole, too: its end may be a carriage return, which waits for a line feed
            events.append(read_event(rest))
        for event in events:
            new = event.data
            if event.data is not None and may_hold(event.data) and event.data.strip() != b"[DONE]":
                new = await self._document(event.data)
            out.append(event.raw if new is event.data or new is None else event.with_data(new))
        return b"".join(out)

    async def whole(self, body: bytes) -> bytes:
        """A whole answer in JSON."""
        return await self._document(body) if may_hold(body) else body

    async def file(self, body: bytes, declared: str) -> bytes:
        """An answer that is one file."""
        return (await self._marked(body, declared)).data

    async def _elements(self, data: bytes) -> AsyncIterator[bytes]:
        """Elements of a stream that is one JSON array, and what stands between them."""
        text, at, decoder = data.decode(), 0, json.JSONDecoder()
        while (start := text.find("{", at)) >= 0:
            _, end = decoder.raw_decode(text, start)
            yield text[at:start].encode()
            yield await self._document(text[start:end].encode())
            at = end
        yield text[at:].encode()

    async def _document(self, data: bytes) -> bytes:
        heavy, size = self.services.heavy, len(data)
        found = await heavy.run(size, _found, data)
        if not found:
            return data
        edits: dict[Path, str] = {}
        for made in found:
            new = await self._one(made)
            if made.end < 0:
                edits[made.path] = new
            else:
                edits.setdefault(made.path, "")  # several in one text: put in from its end on
        for path in [path for path, text in edits.items() if not text]:
            edits[path] = await self._inside(path, data, [made for made in found if made.path == path])
        return await heavy.run(size, spliced, data, dict(edits))

    async def _inside(self, path: Path, data: bytes, found: list[Made]) -> str:
        """A text with the data URLs in it replaced."""
        value: Any = orjson.loads(data)
        for step in path:
            value = value[step]
        text = str(value)
        for made in reversed(found):
            text = text[: made.start] + await self._one(made) + text[made.end :]
        return text

    async def _one(self, made: Made) -> str:
        """What stands in the answer instead of this medium."""
        if made.form == "fragment":
            raise _in_pieces("a recording")
        if made.form == "url":
            return await self._linked(made.text)
        data = await self.services.heavy.run(len(made.text), decoded, made)
        if not data:
            raise UpstreamFailed("the provider's answer holds an output that is no valid Base64")
        marked = await self._marked(data, made.declared)
        self._said.append(made.text)
        return await self.services.heavy.run(len(marked.data), _encoded, marked.data)

    async def _linked(self, address: str) -> str:
        """Fetched, marked, and kept for a while behind a link of ours."""
        provider, services = self.flow.provider, self.services
        if provider is None:
            raise RuntimeError("an answer comes from a provider")
        fetched = await services.fetcher.get(provider, address)
        marked = await self._marked(fetched.data, fetched.media_type, fetched.hosts)
        token = await asyncio.to_thread(services.content.put, self.flow.who.tenant, marked.media_type, marked.data)
        return self.link(token)

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Where manifests lie that stand beside their outputs (C2PA 2.x, section 11.4: an HTTP Link)."""
        links = [f'<{self.link(token)}>; rel="c2pa-manifest"' for token in self.sidecars]
        return [(b"link", ", ".join(links).encode("latin-1", "replace"))] if links else []

    def link(self, token: str) -> str:
        """The address of a kept file as this caller reaches it: by the host that it called."""
        caller = self.flow.caller
        host = caller.header(b"host") or self.services.settings.listen.data
        scheme = "https" if self.services.settings.tls.certificate or _forwarded_https(caller) else "http"
        return f"{scheme}://{host}{PATH}{token}"

    async def _marked(self, data: bytes, declared: str, hosts: tuple[str, ...] = ()) -> Marked:
        """One output with its marks, once. Raises Unavailable, Denied."""
        name = await self.services.heavy.run(len(data), _name, data)
        if name in self._known:
            return self._known[name][0]
        if len(self.made) >= MOST:
            raise UpstreamFailed(f"the provider's answer holds more than {MOST} outputs that are no text")
        self._weight += len(data)
        if self._weight > MOST_LARGE * self.services.settings.marking.largest_bytes:
            raise UpstreamFailed("the outputs of the provider's answer are larger together than can be marked")
        flow, services, index = self.flow, self.services, self._first + len(self.made)
        sniffed = sniff(data, declared)
        media_type, known = sniffed or canonical(declared), bool(sniffed) or looks_like_text(data)
        marking, origin = self.demand.marking_of(media_type, known=known), self._origin(index)
        done = await services.marking.mark(flow.who.tenant, data, media_type, origin, marking)
        marked, self.provenance = done.marked, done.ingredients
        key = services.fingerprint_key(flow.who.tenant)
        digest = await services.heavy.run(len(marked.data), exact_bytes, marked.data, key)
        known_by = await services.heavy.run(len(done.known_by), _under, done.known_by, key)
        self.made.append(
            Output(
                index, marked.media_type, digest, len(marked.data), origin.payload, marked.carries, marking.profile,
                marked.timestamped, hosts, known_by,
            )
        )  # fmt: skip
        flow.labels = tuple(dict.fromkeys((*flow.labels, *marked.carries)))
        if marking.c2pa and not marked.timestamped and services.stamps.wanted:
            await asyncio.to_thread(services.stamps.add, origin.produce_id, digest)
        again = await services.heavy.run(len(marked.data), _name, marked.data)
        self._known[name] = self._known[again] = marked, index
        if marked.sidecar is not None:
            put = services.content.put
            self.sidecars.append(await asyncio.to_thread(put, flow.who.tenant, "application/c2pa", marked.sidecar))
        return marked

    @property
    def _first(self) -> int:
        """Number of the first output that is no text: where a text is made too, that one is number 0."""
        return 1 if self.flow.request is not None and self.flow.request.generates else 0

    def label(self, text: str) -> str:
        """What follows a whole text of the answer: its explicit label, and its manifest. Raises Unavailable."""
        marking, shortest = self.demand.marking("text"), self.services.settings.labels.manifest_characters
        notice = text_label(self.demand.profile, language_of(text)) if marking.notice else ""
        said = f"\n\n{notice}" if notice else ""
        if not marking.c2pa or not shortest:
            return said
        manifest = TextManifest(self._origin(0), MarkingKeys(self.services.signer, b""), shortest)
        manifest.push(text)
        manifest.push(said)
        try:
            wrapper = manifest.end()
        except MarkingFailed:
            raise Unavailable("the manifest of a text could not be made, so its end was not delivered") from None
        self.text_manifest = manifest.reason or "c2pa"
        return said + wrapper

    def _given(self) -> tuple[Ingredient, ...]:
        """Files that the request brought along: what is made is made from them."""
        if self._ingredients is None:
            request, most = self.flow.request, self.services.settings.marking.largest_bytes
            files = given_in(request) if request is not None and request.uninspected else []
            while sum(len(data) for _, data in files) > most:
                files.pop()
            self._ingredients = tuple(
                Ingredient(sniff(data, declared) or canonical(declared), sha256(data).hexdigest(), data)
                for declared, data in files
            )
        return self._ingredients

    def _origin(self, index: int) -> Origin:
        flow, services = self.flow, self.services
        if flow.provider is None or flow.request is None:
            raise RuntimeError("an output comes from a provider")
        return Origin(
            flow=flow.id,
            index=index,
            leaf="" if flow.receipt is None else flow.receipt.leaf_hash.hex(),
            payload=payload_of(services.keys.get("payload", flow.who.tenant), flow.id, index),
            model=flow.request.model,
            provider=flow.provider.name,
            producer=services.settings.labels.producer_code,
            time_us=flow.time_us,
            ingredients=self._given(),
        )


def _found(data: bytes) -> list[Made]:
    return list(made_in(orjson.loads(data)))


def _in_pieces(what: str) -> Denied:
    return Denied(
        f"{what} in pieces cannot carry the marks that are demanded: ask for it whole",
        rule="lexgate.label.unsupported",
        remedy="leave stream out, or ask for text alone",
    )


def _under(known_by: Mapping[str, Any], key: bytes) -> dict[str, Any]:
    """Prints of an output under its tenant's key."""
    return read(known_by).under(key).said()


def _name(data: bytes) -> str:
    return sha256(data).hexdigest()


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _forwarded_https(caller: Any) -> bool:
    """Whether a proxy in front of us, which ends TLS, says so."""
    return bool(caller.header(b"x-forwarded-proto") == "https")
