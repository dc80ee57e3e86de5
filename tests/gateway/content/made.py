"""Outputs of flows as the gateway records them, in a real log: texts, and pictures with their marks."""

from __future__ import annotations

import asyncio
import io
import random
import time
from dataclasses import dataclass

import numpy as np
from PIL import Image

from audit.made.follow import follow
from gateway.content.compose import verifier_of
from gateway.content.verification import Verification
from gateway.control.scope import ScopedRecords
from gateway.marking.keys import payload_of
from gateway.marking.worker import prints
from gateway.settings import Settings
from tests.audit.lab import ORIGIN, Lab, eventually, intent, new_flow, outcome, settle
from watermark.exact import exact_bytes, exact_text
from watermark.fingerprint import encode, winnow
from watermark.marker import mark
from watermark.marking import Marked, Marking, MarkingKeys, Origin
from watermark.prints.printed import read
from watermark.signer import ContentSigner

VOCABULARY = ["".join(random.Random(i).choices("abcdefghijklmnop", k=3 + i % 6)) for i in range(2000)]


def words(seed: int, count: int = 160) -> str:
    return " ".join(random.Random(seed).choices(VOCABULARY, k=count))


def picture(seed: int, size: int = 96) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size // 16, size // 16, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


@dataclass
class Studio:
    """A log in which outputs are recorded, and the verifier over it."""

    lab: Lab

    def __post_init__(self) -> None:
        self.signer = ContentSigner.create(self.lab.keys, "Example AG")
        self.settings = Settings.model_validate(
            {
                "store": f"sqlite:///{self.lab.store}",
                "keys": {"file": str(self.lab.keys)},
                "origin": ORIGIN,
                "applications": [{"name": "crm", "tenant": "acme"}, {"name": "shop", "tenant": "globex"}],
                "verification": {"seconds": 20},
            }
        )
        self.verifier, self.examiner = verifier_of(self.settings, self.lab.keyring)
        self.records = self.lab.records()

    def close(self) -> None:
        self.examiner.close()
        self.records.close()

    def key(self, tenant: str) -> bytes:
        return self.lab.keyring.derive("fingerprint", tenant)

    async def said(self, text: str, tenant: str = "acme", user: str = "li.wei", flow: str = "") -> str:
        """Records that a call answered this text; its flow."""
        flow = flow or new_flow()
        digest = {
            "flow": flow,
            "fingerprint": encode(winnow(text, self.key(tenant))),
            "text": exact_text(text, self.key(tenant)),
        }
        draft = settle((flow,))
        await self.record(
            flow, tenant, user, {}, draft._replace(groups={**draft.groups, "digest": {"flows": [digest]}})
        )
        return flow

    async def drew(
        self,
        data: bytes,
        tenant: str = "acme",
        *,
        remember: bool = True,
        invisible: bool = False,
        media_type: str = "image/png",
    ) -> tuple[str, Marked]:
        """Marks a picture and records it; its flow and what was delivered."""
        flow = new_flow()
        payload = payload_of(self.lab.keyring.derive("payload", tenant), flow, 0)
        origin = Origin(flow, 0, "ab" * 32, payload, "demo-image", "demo", "001191310", time.time_ns() // 1000)
        keys = MarkingKeys(self.signer, self.lab.keyring.derive("invisible", tenant))
        made = mark(data, media_type, origin, Marking("cn", aigc=True, c2pa=True, invisible=invisible), keys)
        known = {
            "index": 0,
            "exact": exact_bytes(made.data, self.key(tenant)),
            "payload": f"{payload:016x}",
            "known_by": read(prints(made)).under(self.key(tenant)).said(),
        }
        await self.record(flow, tenant, "li.wei", {"outputs": [known]} if remember else {}, None)
        return flow, made

    async def record(self, flow, tenant, user, digests, settled) -> None:
        log = await self.lab.connect(f"w-{flow[-12:]}")
        await log.append(intent(flow, tenant=tenant, user=user))
        end = outcome(flow, tenant=tenant, user=user)
        said = {"outputs": [{"index": each["index"]} for each in digests["outputs"]]} if "outputs" in digests else {}
        known = {"pub": end.groups["pub"] | said, "digest": end.groups["digest"] | digests}
        await log.append(end._replace(groups=end.groups | known))
        if settled is not None:
            await log.append(settled)
        await log.close()
        wanted = "outcome" if settled is None else "settle"
        await eventually(lambda: bool((self.records.get(flow) or {}).get(wanted)))

    async def verify(self, data: bytes, tenants: frozenset[str] | None = None, sidecar: bytes = b"") -> Verification:
        seen = ScopedRecords(self.records, tenants)
        return await asyncio.to_thread(self.verifier.verify, data, "", tenants, seen.get, sidecar)

    async def followed(self) -> int:
        return await asyncio.to_thread(follow, self.lab.store, self.lab.keyring, 5.0)
