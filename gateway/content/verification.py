"""Verifies content: what the file carries, what the tenant's record says of such content, and the word for both.

1. The file is examined in a process of its own. 2. The index proposes outputs that are like it. 3. Each proposed record is
read, and it alone counts: an output agrees when its own digest, fingerprint or print does. 4. `judge` says the word.

Whoever asks sees their tenants' records only: those of others are as if they did not exist, in the answer and on the way
to it. The public is told only what the file itself carries; nothing is looked up for it, and nothing is kept of anybody.

What needs NumPy is imported where it is used: the control process has a verifier, and its start need not wait for that.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.keys import Keyring
from audit.made.follow import follow, outputs_of
from audit.made.index import Made, MadeIndex, index_path
from gateway.content.examiner import Examiner, Unexamined
from gateway.content.verdict import MOST_OF_MEDIA, Match, Verdict, judge, named_flows
from gateway.marking.stamps import FOLDER as STAMPS
from gateway.marking.stamps import Stamps
from gateway.services import TenantKeys
from watermark.errors import BadFingerprint
from watermark.evidence import CARRIED, Carried, Evidence, Looking
from watermark.exact import exact_bytes, exact_text
from watermark.manifest.timestamp import stamped_time
from watermark.prints.keyed import keyed
from watermark.prints.printed import Printed
from watermark.prints.printed import read as read_printed

if TYPE_CHECKING:
    from watermark.fingerprint import Marks

Records = Callable[[str], Mapping[str, Any] | None]
"""The record of a flow, if there is one that whoever asks may see."""

MOST_LOOKS = 4
"""Recorded pictures with which one that is asked for is compared tile by tile."""
LITTLE = 10
"""Parts per thousand that a print tells of, at least."""
MOST_TENANTS = 64
MOST_CANDIDATES = 24
MOST_PRINTS = 3_200
LEAST_PRINTS = 60
"""That are asked for together, and for one tenant: a picture has some fifty, a sound eight for each second."""
FOLLOW_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer. `behind`: leaves of the log that are not in the index yet, so that the latest calls may be missing."""

    verdict: Verdict
    carried: Carried
    size: int
    sha256: str
    matches: tuple[Match, ...] = ()
    behind: int = 0
    public: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """The content under one tenant's keys."""

    exact: frozenset[str]
    marks: Marks
    printed: tuple[Printed, ...]
    key: bytes


class Verifier:
    """Blocking; safe to share between threads."""

    def __init__(
        self, store: Path, keyring: Keyring, tenants: Sequence[str], examiner: Examiner, trust_anchors: bytes = b""
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._keys = TenantKeys(keyring.derive)
        self._tenants = tuple(sorted(set(tenants)))
        self._examiner = examiner
        self._anchors = trust_anchors
        self._stamps = Stamps(store.with_name(STAMPS), "")

    def public(self, data: bytes, declared: str = "", sidecar: bytes = b"") -> Verification:
        """What the file itself carries. Our invisible marks are not looked for: a public detector teaches their removal."""
        carried = self._examined(data, declared, Looking(self._anchors, sidecar=sidecar))
        told = tuple(_unasked(item) if item.kind == "invisible" else item for item in carried.evidence)
        carried = replace(carried, evidence=told + _not_examined("public", "exact", "fingerprint"))
        return Verification(judge(carried, named_flows(carried), ()), carried, len(data), _sha256(data), public=True)

    def verify(
        self, data: bytes, declared: str, tenants: frozenset[str] | None, records: Records, sidecar: bytes = b""
    ) -> Verification:
        """The same with the record: of `tenants`, None for all. Raises AuditError when the store cannot be read."""
        of = [tenant for tenant in self._tenants if tenants is None or tenant in tenants][:MOST_TENANTS]
        looking = Looking(self._anchors, [(tenant, self._keys.get("invisible", tenant)) for tenant in of], sidecar)
        carried = self._examined(data, declared, looking)
        behind = self._followed()
        index = MadeIndex(index_path(self._store), tenants)
        asked = {tenant: self._asked(data, carried, tenant) for tenant in of}
        by_payload = [
            made for tenant, value in carried.payloads for made in index.by_payload(value) if made.tenant == tenant
        ]
        named = named_flows(carried) | {made.flow for made in by_payload}
        candidates = self._candidates(index, asked, named, by_payload)
        matches, compared = self._compare(data, carried.media_type, candidates, asked, records)
        matches = [self._with_time(match, asked) for match in matches]
        evidence = carried.evidence + _of_record(carried, matches)
        carried = replace(carried, evidence=evidence)
        verdict = judge(carried, named, matches, compared & named)
        return Verification(verdict, carried, len(data), _sha256(data), tuple(matches), behind)

    def _examined(self, data: bytes, declared: str, looking: Looking) -> Carried:
        """A file that broke its limits carries nothing that we know of; the record may know it all the same."""
        try:
            return self._examiner.examine(data, declared, looking)
        except Unexamined:
            return Carried("", _not_examined("limits", *CARRIED))

    def _followed(self) -> int:
        """Brings the index up to the log, or waits while another does; how many leaves it is still behind."""
        ends = time.monotonic() + FOLLOW_SECONDS
        while (behind := follow(self._store, self._keyring, FOLLOW_SECONDS)) > 0 and time.monotonic() < ends:
            time.sleep(0.05)
        return behind

    def _asked(self, data: bytes, carried: Carried, tenant: str) -> _Asked:
        from watermark.fingerprint import winnow

        key = self._keys.get("fingerprint", tenant)
        exact = {exact_bytes(data, key), exact_text(carried.text, key)} - {""}
        printed = tuple(one.under(key) for one in carried.prints)
        return _Asked(frozenset(exact), winnow(carried.text, key), printed, key)

    def _with_time(self, match: Match, asked: Mapping[str, _Asked]) -> Match:
        """With the time-stamp that this output got later, where the content is that output, byte for byte."""
        content = asked.get(str(match.record.get("tenant")))
        token = self._stamps.token(f"{match.flow}-{match.output}") if content and "exact" in match.by else None
        if content is None or token is None:
            return match
        times = (stamped_time(token, digest.encode(), self._anchors) for digest in sorted(content.exact))
        return replace(match, stamped=next((time for time in times if time is not None), None))

    def _candidates(
        self, index: MadeIndex, asked: Mapping[str, _Asked], named: set[str], by_payload: Sequence[Made]
    ) -> list[Made]:
        """Outputs worth a look, the likeliest first."""
        from watermark.prints.likeness import NEAR

        found: dict[Made, None] = dict.fromkeys(by_payload)
        for flow in sorted(named)[:8]:
            found.update(dict.fromkeys(index.by_flow(flow)))
        for content in asked.values():
            for digest in content.exact:
                found.update(dict.fromkeys(index.by_exact(bytes.fromhex(digest))))
            found.update((made, None) for made, _ in index.by_marks(content.marks.tolist()))
        most = max(LEAST_PRINTS, MOST_PRINTS // max(1, len(asked)))
        for tenant, content in asked.items():
            prints = [print_ for one in content.printed for print_ in one.prints][:most]
            found.update((made, None) for made, _ in index.by_prints(prints, NEAR, tenant))
        return [made for made in found if made.tenant in asked][:MOST_CANDIDATES]

    def _compare(
        self, data: bytes, media_type: str, candidates: Sequence[Made], asked: Mapping[str, _Asked], records: Records
    ) -> tuple[list[Match], set[str]]:
        """The outputs whose records agree with the content, best first; and the flows whose content can be compared."""
        matches: list[Match] = []
        compared: set[str] = set()
        known: dict[str, Mapping[str, Any] | None] = {}
        pictures = _Pictures(self._examiner, data, media_type)
        for made in candidates:
            if made.flow not in known:
                known[made.flow] = records(made.flow)
            record = known[made.flow]
            said = _said(record, made.output) if record is not None else {}
            if record is None or not said:
                continue
            content, printed = asked[made.tenant], read_printed(said.get("known_by") or {})
            if (said.get("fingerprint") and content.marks.size) or (printed.prints and _prints(content.printed)):
                compared.add(made.flow)  # that bytes differ says nothing of the content: every program writes its own
            by, share = _agreement(said, content)
            if alike := _alike(content, printed, pictures, kind=media_type.partition("/")[0]):
                by, share = (*by, "prints"), max(share, alike)
            if by:
                matches.append(Match(made.flow, made.output, by, share, _summary(record)))
        # Of equal content the latest call counts, as for lineage.
        return sorted(matches, key=lambda match: (match.share, match.flow), reverse=True), compared


class _Pictures:
    """A picture that is asked for, looked at again where it may be like recorded ones; so often and no more."""

    def __init__(self, examiner: Examiner, data: bytes, media_type: str) -> None:
        self._examiner, self._data, self._media_type = examiner, data, media_type
        self._looks = MOST_LOOKS

    def share(self, content: _Asked, stored: Printed) -> int:
        """How much of it is of a recorded picture, parts per thousand; 0 where nothing is, MOST_OF_MEDIA at least of a whole."""
        from watermark.prints.alignment import align, alternatives
        from watermark.prints.share import cells, comparable, share_of_picture, squares

        place = align(content.printed, stored)
        if place is None:
            return 0
        # Alike as a whole it is the same picture; what was painted over it, its tiles tell.
        least = MOST_OF_MEDIA if place.whole else LITTLE
        if not comparable(stored) or not self._looks:
            return least
        self._looks -= 1
        query = content.printed[place.turn]
        places = alternatives(place)
        asked = [square for one in places for square in squares(one, stored)]
        try:
            seen, busy = self._examiner.prints_at(self._data, self._media_type, place.turn, asked, cells(query))
        except Unexamined:
            return least
        told = _under(seen, content.key)
        count = len(stored.tiles)
        return max(
            least,
            *(
                share_of_picture(one, query, stored, told[count * index : count * (index + 1)], busy)
                for index, one in enumerate(places)
            ),
        )


def _said(record: Mapping[str, Any], output: int) -> Mapping[str, Any]:
    """What the record says of one output: members `text`, `fingerprint`, `exact`, `known_by`; nothing once it is erased."""
    digest = record.get("digest") or {}
    own = {name: digest[name] for name in ("text", "fingerprint") if digest.get(name)} if output == 0 else {}
    return own | next((row for row in outputs_of(digest) if row["index"] == output), {})


def _agreement(said: Mapping[str, Any], asked: _Asked) -> tuple[tuple[Any, ...], int]:
    """How an output agrees with the content, and with how much of it (parts per thousand)."""
    by: list[str] = []
    share = 0
    if asked.exact & {said.get("text"), said.get("exact")}:
        by, share = ["exact"], 1000
    if said.get("fingerprint") and asked.marks.size:
        from watermark.fingerprint import decode, likeness

        try:
            like = likeness(asked.marks, decode(said["fingerprint"]))
        except BadFingerprint:
            like = None
        if like is not None and like.related:
            by.append("fingerprint")
            share = max(share, like.of_query)
    return tuple(by), share


def _alike(asked: _Asked, stored: Printed, pictures: _Pictures, *, kind: str) -> int:
    """With how much of a picture or sound a recorded one agrees, parts per thousand; 0 where no print of it does."""
    if kind == "audio" and asked.printed:
        from watermark.prints.share import share_of_sound

        return share_of_sound(asked.printed[0], stored)
    return pictures.share(asked, stored) if kind == "image" else 0


def _under(prints: Sequence[bytes], key: bytes) -> list[bytes]:
    """Prints under a key, b"" where there is none."""
    there = iter(keyed([one for one in prints if one], key))
    return [next(there) if one else b"" for one in prints]


def _prints(printed: Sequence[Printed]) -> bool:
    return any(one.prints for one in printed)


def _summary(record: Mapping[str, Any]) -> dict[str, Any]:
    pub, subj = record.get("pub") or {}, record.get("subj") or {}
    told = {"time": record.get("time"), "status": record.get("status"), "tenant": subj.get("tenant")}
    return told | {"application": subj.get("application"), "model": pub.get("model"), "provider": pub.get("provider")}


def _of_record(carried: Carried, matches: Sequence[Match]) -> tuple[Evidence, ...]:
    """What the record has to say of the content, as evidence of its own."""
    exact = any("exact" in match.by for match in matches)
    like = any({"fingerprint", "prints"} & set(match.by) for match in matches)
    fingerprint = (
        Evidence("fingerprint", "present" if like else "absent")
        if carried.text or _prints(carried.prints) or like
        else Evidence("fingerprint", "not_examined", "no_text")
    )
    return Evidence("exact", "present" if exact else "absent"), fingerprint


def _not_examined(reason: str, *kinds: Any) -> tuple[Evidence, ...]:
    return tuple(Evidence(kind, "not_examined", reason) for kind in kinds)


def _unasked(item: Evidence) -> Evidence:
    return Evidence(item.kind, "not_examined", "public")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
