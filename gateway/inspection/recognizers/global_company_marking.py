"""Markings of companies: a line, header or footer that says confidential or internal (zh, en, ja, de, fr, es), Office labels."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.inspection.company_marking import NAME
from gateway.inspection.recognizer import Candidate, Recognizer, Shape, shape

_ENGLISH = (
    r"(?:(?:strictly|highly|most|company|private\ and|commercially|business|client)[ -])?confidential(?:\ information)?|(?:strictly|highly)\ private\ (?:and|&)\ confidential"
    r"|commercial[- ]in[- ]confidence|proprietary(?:\ (?:and|&)\ confidential)?|trade\ secret|privileged(?:\ (?:and|&)\ confidential)?"
    r"|restricted(?:\ (?:use|distribution|circulation))?|(?:top\ )?secret|(?:for\ )?internal(?:\ use)?\ only|for\ internal\ use"
    r"|internal(?:\ use)?|company\ internal|not\ for\ (?:external\ )?(?:distribution|release|publication|circulation)|do\ not\ (?:distribute|forward|circulate)"
    r"|embargoed|eyes\ only|need[- ]to[- ]know"
)
_OTHERS = (
    r"(?:streng\ )?vertraulich|nur\ für\ den\ (?:internen\ gebrauch|dienstgebrauch)|betriebsgeheimnis|firmenintern"
    r"|(?:strictement\ |très\ )?confidentiel|diffusion\ (?:restreinte|interdite)|(?:document\ )?(?:à\ )?(?:usage\ )?interne|ne\ pas\ diffuser|(?:estrictamente\ )?confidencial|uso\ interno|riservato"
)
_CHINESE = (
    r"绝密|机密|秘密|公司(?:机密|秘密)|商业(?:秘密|机密)|内部(?:资料|文件|使用|公开|传阅|参考)|(?:仅供|仅限)(?:公司)?内部(?:使用|参考|传阅|交流)?"
    r"|注意保密|保密(?:文件|资料)?|(?:请勿|不得|严禁|禁止)(?:外传|转发|传播|外泄)"
)
_JAPANESE = r"極秘|厳秘|機密(?:情報)?|マル秘|㊙|(?:取扱注意|社外秘|部外秘|関係者(?:限り|外秘)|社内限(?:り|定))"
_MARK = f"(?:{_ENGLISH}|{_OTHERS}|{_CHINESE}|{_JAPANESE})"
_HEAD = (
    r"(?:(?:document|data|security|information)\ )?(?:classification|sensitivity|confidentiality|marking|label|distribution|vertraulichkeit|einstufung)"
    r"|密级|保密(?:级别|等级)|敏感(?:度|级别)|文件(?:密级|等级)|信息分级|機密(?:区分|レベル)|取扱区分"
)
_EDGE = r"[\s\W_]{0,12}"
_TAIL = r"(?:\ ?[-–—|:;,·(/（，；：。！!]{1,3}[^\n]{0,48})?"
_ALONE = re.compile(
    rf"^{_EDGE}(?:(?:{_HEAD})[\s:：=\-]{{1,5}})?(?P<value>{_MARK})(?:[ ,，、]{{1,3}}{_MARK})?{_TAIL}{_EDGE}$"
    rf"|^[^\n]{{1,48}}?[-–—|:·/：]\ ?(?P<behind>{_MARK}){_EDGE}(?:page\ ?\d[^\n]{{0,12}}|第.{{1,4}}页[^\n]{{0,8}})?$",
    re.IGNORECASE | re.VERBOSE,
)
_NAMED = re.compile(rf"(?:{_HEAD})[\s:：=\-]{{1,5}}\S", re.IGNORECASE | re.VERBOSE)
_WEAK = re.compile(
    r"internal(?: use)?|restricted|(?:top )?secret|proprietary|embargoed|privileged|confidential|保密|秘密|机密|機密|绝密",
    re.IGNORECASE,
)
_BESIDE_DASH = re.compile(
    rf"(?:[-–—|·]\ ?{_MARK}\W*(?:page.{{0,12}}|\d{{0,4}})$)|(?:^\W*{_MARK}\ ?[-–—|·])", re.IGNORECASE | re.VERBOSE
)
_UNMARKED = re.compile(r"(?i)public|general|personal|non-business|unclassified|unrestricted|公开|公開|无|普通")
_OF_LABEL = re.compile(r"MSIP_Label_[0-9A-Za-z-]{4,40}_(?:Name|Id)(?:: ?|=)(?P<value>[^\n;]{2,60})")
_GAP = re.compile(r"\t|[ \t\u3000]{3,12}")
_LONGEST = 110


def _line(text: str, at: int) -> Iterable[Candidate]:
    """The marking of the line around a hit, if the line is a marking and not a sentence about one."""
    begin = text.rfind("\n", max(0, at - _LONGEST), at) + 1
    end = text.find("\n", at, at + _LONGEST)
    end = min(len(text), at + _LONGEST) if end < 0 else end
    if (begin == 0 and at > _LONGEST) or end - begin > _LONGEST:
        return ()
    found = _marking(text, begin, end)
    if not found:  # headers and footers set apart what they hold by blanks
        left, right = _cell(text, begin, at, end)
        if (left, right) != (begin, end):
            found = _marking(text, left, right)
    return found


def _marking(text: str, begin: int, end: int) -> Iterable[Candidate]:
    line = text[begin:end]
    found = _ALONE.match(line)
    if found is None:
        return ()
    group = "value" if found["value"] else "behind"
    value = found[group]
    if _WEAK.fullmatch(value) and not _is_meant(line, value):
        return ()
    start, behind = found.span(group)
    return ((begin + start, begin + behind, 0.85),)


def _cell(text: str, begin: int, at: int, end: int) -> tuple[int, int]:
    """What stands around a place between wide gaps or tabs."""
    for gap in _GAP.finditer(text, begin, end):
        if gap.end() <= at:
            begin = gap.end()
        else:
            return begin, gap.start()
    return begin, end


def _is_meant(line: str, value: str) -> bool:
    """A word that also has other meanings marks only with a capital: alone on its line, beside a dash, or behind what says so."""
    bare = line.strip(" \t-–—*·|_#<>()【】[]{}:.。!！")
    if _NAMED.search(line) is not None:
        return True
    return (value[0].isupper() or not value.isascii()) and (bare == value or _BESIDE_DASH.search(line) is not None)


def _label(text: str, at: int) -> Iterable[Candidate]:
    """The name of a Microsoft sensitivity label in a document's properties or a mail's headers; its number where it has no name."""
    found = _OF_LABEL.match(text, at)
    if found is None or _UNMARKED.search(found["value"]):
        return ()
    return ((*found.span("value"), 0.95),)


def _anchored(anchor: str) -> Shape:
    return Shape(anchor, _line)


RECOGNIZER = Recognizer(
    NAME,
    "MARKING",
    (
        Shape("MSIP_Label_", _label),
        *(
            _anchored(f"(?i){word}")
            for word in (
                "confiden", "vertraulich", "internal", "restricted", "secret", "proprietary", "privileged",
                "not for (external )?(distribution|release|publication|circulation)", "do not (distribute|forward|circulate)",
                "embargoed", "eyes only", "need.to.know", "internen? gebrauch", "dienstgebrauch", "betriebsgeheimnis",
                "firmenintern", "diffusion (restreinte|interdite)", "(usage|document) interne", "ne pas diffuser", "uso interno", "riservato",
            )
        ),
        *(
            _anchored(word)
            for word in (
                "绝密", "机密", "秘密", "内部", "保密", "外传", "转发", "传播", "外泄", "極秘", "厳秘", "機密", "マル秘", "㊙", "外秘",
                "関係者", "取扱注意", "社内限",
            )
        ),
        shape(
            r"(?i)(密级|分类|classification|sensitivity)\W{1,4}(L[345]|C[345]|level [345])\b",
            r"(?i)(?:密级|分类|classification|sensitivity)\W{1,4}(?P<value>L[345]|C[345]|level [345])\b",
            score=0.8,
        ),
    ),
)  # fmt: skip
