"""Marks content that was made elsewhere: marked by a bounded worker, recorded durably, then written. In that order.

A file whose record could not be written is not written either; a file that cannot carry a mark that is demanded is refused,
marked beside itself or only recorded, as policy says, and told as such. Each file is one flow of the log, without a model
call: its outcome says which marks it carries and what it is known by, so that it is found again.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal

import uuid_utils

from audit.keys import Keyring
from audit.record import LeafDraft, LeafKind
from gateway.errors import BadRequest
from gateway.identity.key_keeper import append_leaf
from gateway.marking.client import MarkingClient
from gateway.marking.keys import TenantKeys, payload_of
from gateway.marking.queue import MarkingQueue
from gateway.marking.stamps import FOLDER as STAMPS
from gateway.marking.stamps import Stamps
from gateway.marking.wire import SOCKET
from gateway.marking.worker import Bounds, listen, serve
from gateway.settings import Settings
from watermark.exact import exact_bytes, exact_text
from watermark.fingerprint import encode, winnow
from watermark.marking import Marked, Marking, Origin
from watermark.media_types import sniff
from watermark.prints.printed import read
from watermark.profile import kind_of, marking_for
from watermark.text_marks import mark_text
from watermark.visible_text import looks_like_text, visible_text

PROTOCOL = "content_mark"
"""How the record calls this: no protocol of models."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How content is to be marked, and for whom. `unsupported` "profile": as the profile says."""

    application: str
    tenant: str
    user: str
    profile: str = "auto"
    country: str = ""
    audience: str = "public"
    language: str = ""
    added: tuple[str, ...] = ()
    unsupported: Literal["profile", "block", "sidecar", "record"] = "profile"
    model: str = ""
    provider: str = ""

    def marking(self, media_type: str) -> Marking:
        """What a file of this type is to carry. Raises BadRequest when nothing is demanded: that is no marking."""
        day = datetime.now(UTC).date()
        kind = kind_of(media_type) or "document"
        found = marking_for(
            kind, self.country, self.audience, day, self.profile, added=self.added, language=self.language
        )
        if not found.asks:
            raise BadRequest(f"profile {found.profile} demands no mark of {kind}: name one with --add")
        return found if self.unsupported == "profile" else replace(found, unsupported=self.unsupported)


@dataclass(frozen=True, slots=True)
class Done:
    """One file that is marked and recorded."""

    flow: str
    marked: Marked
    profile: str


class Marker:
    """Marks and records one file after the other. Belongs to one event loop; `close` ends its worker."""

    def __init__(self, config: Path, settings: Settings, keyring: Keyring) -> None:
        self._settings, self._keyring = settings, keyring
        self._resources = contextlib.ExitStack()
        marking = settings.marking
        self._worker = self._resources.enter_context(_worker(config, marking.seconds, marking.video_seconds))
        self._keys = TenantKeys(settings, keyring)
        self._stamps = Stamps(settings.store_path.with_name(STAMPS), settings.marking.timestamp_url)
        self._bounds = marking.largest_bytes, float(marking.seconds)
        self._video_seconds = float(marking.video_seconds)

    def close(self) -> None:
        self._resources.close()

    async def mark(self, data: bytes, wish: Wish) -> Done:
        """Marks and records. Raises LexgateError and AuditError: then nothing may be written."""
        media_type = sniff(data) or ("text/plain" if looks_like_text(data) else "")
        marking, flow = wish.marking(media_type), str(uuid_utils.uuid7())
        origin = Origin(
            flow=flow,
            index=0,
            leaf="",
            payload=payload_of(self._keyring.derive("payload", wish.tenant), flow, 0),
            model=wish.model,
            provider=wish.provider,
            producer=self._settings.labels.producer_code,
            time_us=time.time_ns() // 1000,
        )
        if media_type == "text/plain":
            marked, known_by = mark_text(data, origin, marking, self._keys(wish.tenant)), dict[str, Any]()
        else:
            most, seconds = self._bounds
            limit = self._video_seconds if media_type.startswith("video/") else seconds
            client = MarkingClient(self._worker.ready(), most, limit + _START_SECONDS)
            done = await client.mark(wish.tenant, data, media_type, origin, marking)
            marked, known_by = done.marked, done.known_by
        draft = self._record(marked, origin, marking, wish, known_by)
        await append_leaf(self._settings, self._keyring, draft)
        if marking.c2pa and not marked.timestamped and self._stamps.wanted and media_type != "text/plain":
            exact = exact_bytes(marked.data, self._keyring.derive("fingerprint", wish.tenant))
            await asyncio.to_thread(self._stamps.add, origin.produce_id, exact)
        return Done(flow, marked, marking.profile)

    def _record(
        self, marked: Marked, origin: Origin, marking: Marking, wish: Wish, known_by: dict[str, Any]
    ) -> LeafDraft:
        output = {
            "index": 0,
            "media_type": marked.media_type,
            "produce_id": origin.produce_id,
            "carries": list(marked.carries),
            "profile": marking.profile,
            "timestamped": marked.timestamped,
            "bytes": len(marked.data),
        }
        pub = {
            "status": "completed",
            "error": None,
            "protocol": PROTOCOL,
            "provider": wish.provider or None,
            "model": wish.model or None,
            "audience": wish.audience,
            "marking": {"profile": marking.profile, "added": sorted(wish.added)},
            "labels": list(marked.carries),
            "outputs": [output],
        }
        subj = {"tenant": wish.tenant, "application": wish.application, "user": wish.user, "subjects": []}
        digest = self._digest(marked, origin, wish.tenant, known_by)
        groups: dict[str, dict[str, Any]] = {
            "pub": pub,
            "subj": subj,
            "digest": digest,
        }
        return LeafDraft(LeafKind.OUTCOME, origin.flow, origin.time_us, wish.tenant, wish.user, groups)

    def _digest(self, marked: Marked, origin: Origin, tenant: str, known_by: dict[str, Any]) -> dict[str, Any]:
        key = self._keyring.derive("fingerprint", tenant)
        text = "" if marked.media_type.partition("/")[0] in _NO_TEXT else visible_text(marked.data, marked.media_type)
        known = {"fingerprint": encode(winnow(text, key)), "text": exact_text(text, key)} if text else {}
        payload, prints = f"{origin.payload:016x}", read(known_by).under(key).said()
        return {
            **known,
            "outputs": [{"index": 0, "exact": exact_bytes(marked.data, key), "payload": payload, "known_by": prints}],
        }


_NO_TEXT = frozenset({"image", "audio", "video"})
_START_SECONDS = 30.0
"""For the worker to load its libraries, the first time."""


class _Worker:
    """A marking worker of our own: the gateway's are left to its calls. One that a file has ended is replaced."""

    def __init__(self, config: Path, folder: Path, seconds: float, video_seconds: float) -> None:
        self._config = config
        self._socket = folder / SOCKET
        self._queue = MarkingQueue(listen(folder, SOCKET, 4), 1, seconds, video_seconds, several=False)
        self._taking: asyncio.Task[None] | None = None
        self._process: BaseProcess | None = None

    def ready(self) -> Path:
        """The socket of a worker that lives. Within the event loop in which it works."""
        if self._taking is None:
            self._taking = asyncio.ensure_future(self._queue.run())
        if self._process is None or not self._process.is_alive():
            context = multiprocessing.get_context("spawn")
            self._process = context.Process(target=_serve, args=(str(self._config), self._queue.turns), daemon=True)
            self._process.start()
        return self._socket

    def close(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
        self._queue.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()


@contextlib.contextmanager
def _worker(config: Path, seconds: float, video_seconds: float) -> Iterator[_Worker]:
    with tempfile.TemporaryDirectory(prefix="lexgate-mark-") as folder:
        worker = _Worker(config.absolute(), Path(folder), seconds, video_seconds)
        try:
            yield worker
        finally:
            worker.close()


def _serve(config: str, turns: socket.socket) -> None:
    """The worker's process."""
    from gateway.configuration.reading import load
    from gateway.marking.worker import confine
    from watermark.marker import mark

    settings = load(Path(config))
    marking = settings.marking
    bounds = Bounds(marking.largest_bytes, marking.largest_pixels)
    confine(bounds)
    keys = TenantKeys(settings, Keyring.open(settings.keys_dir, settings.key_passphrase))
    serve(turns, mark, keys, bounds, lambda: False)
