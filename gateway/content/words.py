"""What verification says, in words: English and Chinese. One word per thing, and nothing that the evidence does not bear."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from gateway.content.verdict import Match
from gateway.content.verification import Verification
from watermark.evidence import Evidence

Language = Literal["en", "zh"]
Words = Mapping[str, Mapping[Language, str]]

VERDICTS: Words = MappingProxyType(
    {
        "confirmed": {
            "en": "The content agrees with the record of call {flow}.",
            "zh": "内容与调用 {flow} 的记录一致。",
        },
        "partly": {
            "en": "Parts of the content agree with the record of call {flow}. Nothing is known of the rest.",
            "zh": "部分内容与调用 {flow} 的记录一致；其余部分来源不明。",
        },
        "claimed": {
            "en": "The file carries marks of where it comes from. No record confirms them, and a mark alone can "
            "be copied.",
            "zh": "文件带有来源标识，但没有记录予以证实；标识本身可以被复制。",
        },
        "claimed_partly": {
            "en": "The file carries marks that name call {flow}, and parts of the content ({percent} %) agree with its record, "
            "but not enough of it. They may have been put into other content, the mark along with them.",
            "zh": "文件带有指向调用 {flow} 的标识，且部分内容（{percent}%）与其记录一致，但比例不足；这些部分可能连同标识被移植到了其他内容中。",
        },
        "contradicted": {
            "en": "The record says otherwise: the marks name call {flow}, but the content is not like what that call made. "
            "The marks may have been copied onto it.",
            "zh": "与记录不符：标识指向调用 {flow}，但内容并非该调用所生成。标识可能是复制上去的。",
        },
        "unknown": {
            "en": "No mark and no record was found. That does not mean that a human made it: marks can be removed.",
            "zh": "未发现标识，也没有相应记录。这并不表示内容出自人类：标识可能已被去除。",
        },
        "unknown_public": {
            "en": "The file carries no mark that we can read. That does not mean that a human made it: marks can "
            "be removed.",
            "zh": "文件中没有可识别的标识。这并不表示内容出自人类：标识可能已被去除。",
        },
        "claimed_public": {
            "en": "The file carries marks of where it comes from. No record was asked, and a mark alone can be copied.",
            "zh": "文件带有来源标识。此处未查询任何记录；标识本身可以被复制。",
        },
        "behind": {
            "en": "The latest calls are not searched yet: {behind} entries of the log are still to be read. Ask again soon.",
            "zh": "最近的调用尚未纳入检索：日志中还有 {behind} 条待读取，请稍后再试。",
        },
    }
)
TITLES: Words = MappingProxyType(
    {
        "confirmed": {"en": "Confirmed", "zh": "已证实"},
        "partly": {"en": "Partly", "zh": "部分吻合"},
        "claimed": {"en": "Claimed", "zh": "仅有声明"},
        "unknown": {"en": "Unknown", "zh": "未知"},
    }
)
KINDS: Words = MappingProxyType(
    {
        "c2pa_integrity": {"en": "C2PA manifest: integrity", "zh": "C2PA 清单：完整性"},
        "c2pa_trust": {"en": "C2PA manifest: trust in its signer", "zh": "C2PA 清单：签名者可信度"},
        "aigc": {"en": "AIGC metadata (GB 45438-2025)", "zh": "AIGC 元数据隐式标识（GB 45438-2025）"},
        "invisible": {"en": "Invisible mark", "zh": "不可见水印"},
        "text_manifest": {"en": "Manifest in the text (C2PA A.8)", "zh": "文本内清单（C2PA A.8）"},
        "exact": {"en": "Record: exactly this content", "zh": "记录：内容完全相同"},
        "fingerprint": {"en": "Record: content like this (fingerprint)", "zh": "记录：内容相似（指纹）"},
    }
)
STATES: Words = MappingProxyType(
    {
        "present": {"en": "present", "zh": "存在"},
        "absent": {"en": "absent", "zh": "不存在"},
        "invalid": {"en": "invalid", "zh": "无效"},
        "not_examined": {"en": "not examined", "zh": "未检查"},
    }
)
OF_KIND: Mapping[tuple[str, str], Mapping[Language, str]] = MappingProxyType(
    {
        ("c2pa_integrity", "present"): {"en": "intact", "zh": "完整"},
        ("c2pa_trust", "present"): {"en": "trusted", "zh": "可信"},
        ("c2pa_trust", "invalid"): {"en": "not trusted", "zh": "不可信"},
        ("text_manifest", "present"): {"en": "intact", "zh": "完整"},
        ("exact", "present"): {"en": "found", "zh": "已找到"},
        ("exact", "absent"): {"en": "not found", "zh": "未找到"},
        ("fingerprint", "present"): {"en": "found", "zh": "已找到"},
        ("fingerprint", "absent"): {"en": "not found", "zh": "未找到"},
    }
)
"""Better words than those of STATES, for one kind."""
REASONS: Words = MappingProxyType(
    {
        "public": {"en": "not part of the public look", "zh": "公开查验不包含此项"},
        "limits": {"en": "the file exceeds the limits of time, memory or pixels", "zh": "文件超出时间、内存或像素限制"},
        "unreadable": {"en": "this part of the file cannot be read", "zh": "文件的这一部分无法读取"},
        "no_text": {"en": "the file has neither text nor a print to compare", "zh": "文件没有可比对的文本或指纹"},
        "no_such_mark": {"en": "files of this type cannot carry it", "zh": "此类文件不支持该标识"},
        "no_key": {"en": "there is no key to look with", "zh": "没有可用于检测的密钥"},
        "many_keys": {
            "en": "more tenants' keys than can be tried: name one tenant",
            "zh": "租户密钥过多，请指定一个租户",
        },
        "no_library": {"en": "what reads it is not installed", "zh": "未安装相应的读取组件"},
        "no_manifest": {"en": "there is no manifest", "zh": "没有清单"},
        "tampered": {"en": "the file was changed after it was signed", "zh": "文件在签名后被改动"},
        "signature": {"en": "the signature does not hold", "zh": "签名无效"},
        "untrusted": {"en": "the signer is on no list of trust that we have", "zh": "签名者不在我们的信任列表中"},
        "several": {"en": "it stands there more than once", "zh": "标识重复出现"},
        "malformed": {"en": "it does not have the form that the standard asks for", "zh": "不符合标准规定的格式"},
    }
)
MATCHES: Words = MappingProxyType(
    {
        "exact": {"en": "exactly the same", "zh": "完全相同"},
        "fingerprint": {"en": "fingerprint", "zh": "文本指纹"},
        "prints": {"en": "print of picture or sound", "zh": "图像或音频指纹"},
    }
)
STAMPED: Words = MappingProxyType(
    {
        "trusted": {
            "en": "time-stamped later: it existed at {time}",
            "zh": "事后加盖时间戳：{time} 时已存在",
        },
        "untrusted": {
            "en": "time-stamped later, by an authority that is on no list of trust that we have: {time}",
            "zh": "事后加盖时间戳，但签发机构不在我们的信任列表中：{time}",
        },
    }
)


def sentence(found: Verification, language: Language) -> str:
    """The verdict in one or two sentences."""
    verdict = found.verdict
    name: str = verdict.word
    if verdict.contradicted:
        return VERDICTS["contradicted"][language].format(flow=verdict.contradicted[0])
    if found.public and name in {"unknown", "claimed"}:
        return VERDICTS[f"{name}_public"][language]
    if name == "claimed" and verdict.share:
        name = "claimed_partly"
    said = VERDICTS[name][language].format(flow=verdict.flow, percent=verdict.share // 10)
    if found.behind and verdict.word != "confirmed":
        said = f"{said} {VERDICTS['behind'][language].format(behind=found.behind)}"
    return said


def as_document(found: Verification, language: Language) -> dict[str, Any]:
    """The answer as the API, the page and `--json` give it."""
    return {
        "verdict": found.verdict.word,
        "title": TITLES[found.verdict.word][language],
        "words": sentence(found, language),
        "flow": found.verdict.flow or None,
        "contradicted": list(found.verdict.contradicted),
        "media_type": found.carried.media_type or None,
        "bytes": found.size,
        "sha256": found.sha256,
        "evidence": [
            {
                "kind": item.kind,
                "state": item.state,
                "reason": item.reason or None,
                "name": KINDS[item.kind][language],
                "words": stated(item, language),
                "names": list(item.names),
                "details": dict(item.details),
            }
            for item in found.carried.evidence
        ],
        "matches": [
            {
                "flow": match.flow,
                "output": match.output,
                "by": list(match.by),
                "share": match.share,
                **match.record,
                "stamped": _stamped(match, language),
            }
            for match in found.matches
        ],
        "behind": found.behind,
        "public": found.public,
    }


def _stamped(match: Match, language: Language) -> dict[str, Any] | None:
    """The time-stamp that the output got after it was delivered."""
    if match.stamped is None:
        return None
    time = match.stamped.time.isoformat(timespec="seconds").replace("+00:00", "Z")
    said = STAMPED["trusted" if match.stamped.trusted else "untrusted"][language].format(time=time)
    return {"time": time, "trusted": match.stamped.trusted, "words": said}


def stated(item: Evidence, language: Language) -> str:
    """The state of one kind of evidence, and why."""
    said = OF_KIND.get((item.kind, item.state), STATES[item.state])[language]
    if item.reason not in REASONS:
        return said
    reason = REASONS[item.reason][language]
    return f"{said}（{reason}）" if language == "zh" else f"{said} ({reason})"
