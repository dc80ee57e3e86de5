"""What the pages say themselves, in English and Chinese. What verification says comes with its answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
NAMES: Mapping[Language, str] = MappingProxyType({"en": "English", "zh": "中文"})
TAGS: Mapping[Language, str] = MappingProxyType({"en": "en", "zh": "zh-CN"})

VERIFY: Mapping[str, Mapping[Language, str]] = MappingProxyType(
    {
        "title": {"en": "Where does this come from?", "zh": "这份内容来自哪里？"},
        "lead_public": {
            "en": "See which marks of origin a file or text carries. Nothing you send is kept.",
            "zh": "查看文件或文本带有哪些来源标识。您提交的内容不会被保存。",
        },
        "lead_operator": {
            "en": "See which marks of origin a file or text carries, and whether the record of this gateway confirms them. "
            "Nothing you send is kept.",
            "zh": "查看文件或文本带有哪些来源标识，以及本网关的记录是否予以证实。您提交的内容不会被保存。",
        },
        "drop": {"en": "Drop a file here, or choose one", "zh": "将文件拖放到此处，或选择文件"},
        "kinds": {
            "en": "Picture, sound, film, PDF, Office document or text, up to {size}",
            "zh": "图片、音频、视频、PDF、Office 文档或文本，最大 {size}",
        },
        "paste": {"en": "Text", "zh": "文本"},
        "sidecar": {
            "en": "A manifest that lies beside the file (.c2pa), if there is one",
            "zh": "文件附带的清单（.c2pa），如有",
        },
        "key": {"en": "Operator key", "zh": "操作员密钥"},
        "key_public": {
            "en": "Only with a key is the record asked. Leave it empty for what the file itself carries.",
            "zh": "只有提供密钥才会查询记录；留空则仅查看文件自身所带的标识。",
        },
        "key_needed": {"en": "Verification here is for operators.", "zh": "此处的查验仅供操作员使用。"},
        "more": {"en": "Paste a text, or add a manifest file", "zh": "粘贴文本，或添加清单文件"},
        "verify": {"en": "Verify", "zh": "查验"},
        "busy": {"en": "Looking …", "zh": "正在查验……"},
        "failed": {"en": "The gateway could not be reached.", "zh": "无法连接网关。"},
        "evidence": {"en": "Evidence", "zh": "证据"},
        "matches": {"en": "Calls whose record agrees", "zh": "记录与之吻合的调用"},
        "share": {"en": "{share} % of the content", "zh": "占内容的 {share} %"},
        "see": {"en": "See the record with", "zh": "查看记录："},
        "file": {"en": "File", "zh": "文件"},
        "nothing": {"en": "Choose a file or paste a text first.", "zh": "请先选择文件或粘贴文本。"},
        "problem": {"en": "Not verified", "zh": "未能查验"},
        "skip": {"en": "Skip to the result", "zh": "跳到结果"},
        "language": {"en": "Language", "zh": "语言"},
        "footer": {
            "en": "A mark says what somebody wrote into a file; only a record can confirm it. No mark never means that a "
            "human made it.",
            "zh": "标识只说明有人写入了什么；只有记录才能证实。没有标识绝不表示内容出自人类。",
        },
    }
)

DETAILS: Mapping[str, Mapping[Language, str]] = MappingProxyType(
    {
        "generator": {"en": "made with", "zh": "生成工具"},
        "synthetic": {"en": "says it is synthetic", "zh": "声明为合成内容"},
        "system": {"en": "model", "zh": "模型"},
        "provider": {"en": "provider", "zh": "提供者"},
        "time": {"en": "time", "zh": "时间"},
        "failures": {"en": "does not hold", "zh": "未通过项"},
        "signer": {"en": "signer", "zh": "签名者"},
        "timestamp": {"en": "time-stamp", "zh": "时间戳"},
        "timestamp_trusted": {"en": "time-stamp trusted", "zh": "时间戳可信"},
        "remote": {"en": "manifest elsewhere", "zh": "远程清单"},
        "label": {"en": "label (1 is, 2 may be, 3 suspected)", "zh": "Label（1 是，2 可能，3 疑似）"},
        "producer": {"en": "producer", "zh": "生成服务提供者"},
        "produce_id": {"en": "identifier", "zh": "内容编号"},
        "propagator": {"en": "passed on by", "zh": "传播服务提供者"},
        "propagate_id": {"en": "its identifier", "zh": "传播编号"},
        "score": {"en": "score", "zh": "得分"},
        "threshold": {"en": "threshold", "zh": "阈值"},
        "error": {"en": "error", "zh": "错误"},
    }
)


def language_of(asked: str, accepted: str) -> Language:
    """The language asked for, else the first that the browser accepts (RFC 9110 §12.5.4) and we speak."""
    if asked in LANGUAGES:
        return "zh" if asked == "zh" else "en"
    ranked: list[tuple[float, int, Language]] = []
    for place, item in enumerate(accepted[:512].split(",")):
        tag, _, weight = item.partition(";q=")
        spoken = tag.strip().lower().partition("-")[0]
        if spoken in LANGUAGES:
            ranked.append((-_weight(weight), place, "zh" if spoken == "zh" else "en"))
    return min(ranked)[2] if ranked else "en"


def _weight(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text))) if text else 1.0
    except ValueError:
        return 0.0
