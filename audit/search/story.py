"""A record in plain language: who sent what class of data where, under which rule, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_STATUS = {
    "open": "The call is still open.",
    "completed": "The call was completed.",
    "denied": "The call was denied: nothing left for the provider.",
    "failed": "The call failed.",
    "aborted": "The caller left before the end.",
    "interrupted": "The gateway died during the call; the log marked it when it started again.",
}


def story_of(record: Mapping[str, Any]) -> str:
    """Some lines of text: a sentence or two, then one line for each thing that was done."""
    pub, meter = record["pub"], record["meter"]
    lines = [_who(record), _STATUS.get(record["status"], record["status"]) + _why(pub), ""]
    facts = [
        ("decision", f"{pub.get('decision', 'none')}, by bundle {pub.get('bundle', 'unknown')}"),
        *(("rule", _rule(rule)) for rule in pub.get("rules") or ()),
        ("transfer", f"{pub.get('from', '?')} → {pub.get('to', '?')}{_mechanism(pub)}"),
        ("found", _counts(pub.get("entities")) or "nothing of a known kind"),
        ("redacted", _counts(pub.get("redactions")) or "nothing"),
        ("labels", ", ".join(pub.get("labels") or ()) or "none"),
        *(("output", _output(output)) for output in pub.get("outputs") or ()),
        ("text", _text_manifest(pub.get("text_manifest"))),
        *(("input", _ingredient(given)) for given in pub.get("ingredients") or ()),
        ("waived", _waived(pub.get("label_waived"))),
        ("tokens", _tokens(meter)),
        ("price", _price(meter)),
        ("duration", _duration(meter)),
        ("attempts", _attempts(record)),
    ]
    if record.get("erased"):
        facts.append(
            ("erased", ", ".join(record["erased"]) + ": the person's key was destroyed; the leaves still verify")
        )
    lines += [f"  {name:<10}{text}" for name, text in facts if text]
    return "\n".join(lines)


def _who(record: Mapping[str, Any]) -> str:
    subj, pub = record["subj"], record["pub"]
    time = record["time"].replace("T", " ").replace("Z", " UTC")
    who = f"{subj.get('user') or 'somebody'} (application {subj.get('application') or '?'}, tenant {subj.get('tenant') or '?'})"
    categories = ", ".join(pub.get("categories") or ()) or "no sensitive"
    where = f"from {pub.get('from') or '?'} to {pub.get('to') or '?'}"
    model = f"model {pub.get('model') or '?'} of provider {pub.get('provider') or '?'}"
    verb = "asked to send" if record["status"] == "denied" else "sent"
    if pub.get("protocol") == "content_mark":
        profile = (pub.get("marking") or {}).get("profile", "?")
        return f"{time}: {who} had content that was made elsewhere marked by profile {profile}."
    return f"{time}: {who} {verb} {categories} data of grade {pub.get('grade') or '?'} {where}, to {model}."


def _why(pub: Mapping[str, Any]) -> str:
    return f" Reason: {pub['error']}." if pub.get("error") else ""


def _rule(rule: Mapping[str, Any]) -> str:
    return f"{rule.get('id', '?')} ({rule.get('citation') or 'no citation'})"


def _mechanism(pub: Mapping[str, Any]) -> str:
    return f" under {pub['mechanism']}" if pub.get("mechanism") else ""


def _counts(counts: Mapping[str, int] | None) -> str:
    return ", ".join(f"{n} {label}" for label, n in sorted((counts or {}).items()))


def _output(output: Mapping[str, Any]) -> str:
    """Which file went out, and which marks it carries."""
    marks = ", ".join(output.get("carries") or ()) or "no mark"
    return (
        f"{output.get('produce_id', '?')}, {output.get('media_type') or 'unknown type'}, {output.get('bytes', 0)} bytes: "
        f"carries {marks} (profile {output.get('profile', '?')})"
    )


def _text_manifest(state: str | None) -> str:
    if not state:
        return ""
    return "ends in a C2PA text manifest" if state == "c2pa" else f"has no C2PA text manifest ({state})"


def _ingredient(given: Mapping[str, Any]) -> str:
    """What a file that came along said of where it is from."""
    label = "with" if given.get("aigc") else "without"
    return f"{given.get('media_type') or 'unknown type'}: C2PA manifest {given.get('c2pa', '?')}, {label} AIGC label"


def _waived(waived: Mapping[str, Any] | None) -> str:
    if not waived:
        return ""
    months = waived.get("keep_months")
    kept = f"; this record is to be kept {months} months" if months else ""
    return f"the explicit label, at the caller's request, by profile {waived.get('profile', '?')}{kept}"


def _tokens(meter: Mapping[str, Any]) -> str:
    reported, counted = meter.get("reported"), meter.get("counted")
    parts = [f"{reported['input']} in, {reported['output']} out as the provider reported"] if reported else []
    if counted and counted.get("method") != "none":
        out = f", {counted['output']} out" if counted["output"] or not counted.get("media") else ""
        parts.append(f"{counted['input']} in{out} by our own count ({counted['method']})")
        parts += ["what was made and is no text has no tokens to count"] if counted.get("media") else []
    if meter.get("discrepancy"):
        parts.append("the two disagree")
    return "; ".join(parts)


def _price(meter: Mapping[str, Any]) -> str:
    price = meter.get("price")
    if not price:
        media = (meter.get("counted") or {}).get("media")
        return "unknown: the provider reported no usage of what it made" if media else ""
    if price.get("match") == "none":
        return "unknown: the price book does not have this model"
    return f"{price['amount']} {price['currency']} ({price['match']} match in {price['book']})"


def _duration(meter: Mapping[str, Any]) -> str:
    if meter.get("latency_ms") is None:
        return ""
    first = meter.get("first_byte_ms")
    return f"{meter['latency_ms']} ms" + (f", first byte after {first} ms" if first is not None else "")


def _attempts(record: Mapping[str, Any]) -> str:
    leaves = [f"attempt {item['attempt']} in leaf {item['leaf']}" for item in record["intents"]]
    leaves += [f"{name} in leaf {record[name]['leaf']}" for name in ("outcome", "settle") if record[name]]
    return ", ".join(leaves)
