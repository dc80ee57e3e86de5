"""Marks that a text's own labels lack: calendar dates and nationalities, found by pattern and list.

Few sets label them. Without these marks the student would learn from all others that a date is nothing. Also weak
labels for German court decisions, whose parties stand as single letters and whose judges sign by surname alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from training.lexicons import words

Mark = tuple[int, int, str]
_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|"
    "Sept?|Oct|Nov|Dec|Januar|Februar|März|Mai|Juni|Juli|Oktober|Dezember|janvier|février|mars|avril|mai|juin|juillet|"
    "août|septembre|octobre|novembre|décembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|"
    "noviembre|diciembre|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|novembre|dicembre"
)
_DATES = re.compile(
    r"(?<![\w.])(?:"
    r"(?:1[5-9]|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ]\d\d:\d\d(?::\d\d)?)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.](?:(?:1[89]|20)\d\d|\d\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)? (?:of |de )?(?:{_MONTHS})\.?,?(?: (?:de )?(?:1[0-9]|20)\d\d)?"
    rf"|(?:{_MONTHS})\.? \d{{1,2}}(?:st|nd|rd|th)?(?:,? (?:1[0-9]|20)\d\d)?"
    rf"|(?:{_MONTHS}),? (?:1[0-9]|20)\d\d"
    r")(?![\w])"
    r"|(?:(?:1[0-9]|20)\d\d ?年(?: ?\d{1,2} ?月)?(?: ?\d{1,2} ?[日号])?)|(?<!\d)\d{1,2} ?月 ?\d{1,2} ?[日号]"
)
_ETHNIC = "汉 满 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 蒙古"
_COUNTRIES = (
    "中国 美国 英国 法国 德国 日本 韩国 朝鲜 俄罗斯 俄国 意大利 西班牙 葡萄牙 荷兰 比利时 瑞士 瑞典 挪威 丹麦 芬兰 波兰 "
    "捷克 奥地利 匈牙利 希腊 土耳其 印度 巴基斯坦 越南 泰国 马来西亚 新加坡 菲律宾 印尼 缅甸 澳大利亚 加拿大 墨西哥 巴西 "
    "阿根廷 埃及 南非 以色列 伊朗 伊拉克 乌克兰 台湾 香港 犹太 阿拉伯 罗马 波斯"
)
_FAITHS = "基督徒 天主教徒 穆斯林 佛教徒 印度教徒 新教徒 共产党员 民主党人 共和党人"
_CHINESE = re.compile(
    "(?:" + "|".join(sorted(_COUNTRIES.split(), key=len, reverse=True)) + ")(?:籍|人(?![民口权工类])|裔)"
    "|(?:" + "|".join(sorted(_ETHNIC.split(), key=len, reverse=True)) + ")族|" + _FAITHS.replace(" ", "|")
)


class Context:
    """Finds dates and nationalities."""

    def __init__(self) -> None:
        nations = [word for word in words("nationalities") if word not in {"Gothic", "Baroque", "Victorian", "Latin"}]
        self._nations = re.compile(r"\b(?:" + "|".join(sorted(nations, key=len, reverse=True)) + r")s?\b")

    def marks(self, text: str) -> Iterator[Mark]:
        """Spans of DATE and NRP, not overlapping among their own kind."""
        for found in _DATES.finditer(text):
            yield found.start(), found.end(), "DATE"
        for pattern in (self._nations, _CHINESE):
            for found in pattern.finditer(text):
                yield found.start(), found.end(), "NRP"

    def completed(self, text: str, marks: Iterable[Mark]) -> tuple[Mark, ...]:
        """`marks` (a date of birth is a date), and what nothing of them covers."""
        own = [(a, b, "DATE" if label == "DATE_OF_BIRTH" else label) for a, b, label in marks]
        more = [m for m in self.marks(text) if not any(a < m[1] and m[0] < b for a, b, _ in own)]
        return tuple(sorted(own + more))


_NAME = r"[A-ZÄÖÜ][a-zäöüßéáćčšž]+(?: ?- ?[A-ZÄÖÜ][a-zäöüß]+)?"
_LETTER = r"[A-Z](?: ?\. ?[A-Z])? ?(?:\.{1,3}|…)?"
_TITLED = re.compile(
    r"\b(?:Dr\.|Prof\.|Herrn?|Frau|Richter(?:s|in|innen)?(?: am \w+| Prof\.| Dr\.)*|RiBGH|Rechtsanw(?:alt|alts|ältin)) "
    rf"(?P<name>(?:von |van |zu )?{_NAME}(?: {_NAME})?|{_LETTER})(?= |$)"
)
_PARTY = re.compile(
    r"\b(?:Zeugen?|Zeugin|Angeklagten?r?|Nebenkläger(?:in|s)?|Geschädigten?|Sachverständigen?|Klägers?|Mitangeklagten?|"
    rf"Beschuldigten?|Arbeitnehmers?|Polizeibeamten?) (?P<name>{_LETTER})(?= |$)"
    r"|\b(?:von|zwischen|mit) (?P<bare>[A-Z] ?\.)(?= [a-zäöüß])"
)
_BARE = re.compile(
    r"(?:(?<= )|^)(?:der|die|dem|den|des|an|für|durch|gegen|bei|dass|als|ob|nachdem|hat|habe|hatte|sei|wurde|nämlich|"
    r"Herren|Ehemann(?:es)?|Vaters?|Mutter|Sohn(?:es)?|Tochter|Freund(?:in)?|Staatsangehöriger?|Arzt|Ärztin) "
    rf"(?P<name>{_LETTER})(?P<more>(?: , {_LETTER})* und {_LETTER})?(?= [a-zäöüß(),]| \.$|$)"
)
_SIGNED = re.compile(rf"(?:(?:Prof\. |Dr\. |[A-Z]\. |von |vom )*)(?P<name>(?:[A-Z][a-z]?\. )*(?:von |van )?{_NAME})$")


_AFTER_ARTICLE = re.compile(r"\b(?:der|die|das|des|dem|den|ein|eine|einer|keine) ([A-ZÄÖÜ]\w+)")


def nouns(texts: Iterable[str]) -> list[str]:
    """German nouns of some texts, the frequent ones first: what stands after an article, five times or more."""
    counts = Counter(word for text in texts for word in _AFTER_ARTICLE.findall(text))
    return [word for word, count in counts.most_common() if count >= 5]


def court(texts: list[str]) -> Iterator[tuple[str, tuple[Mark, ...]]]:
    """Texts of German decisions with the persons that titles, roles and lone signatures give away."""
    after_article = Counter(word for text in texts for word in _AFTER_ARTICLE.findall(text))
    for text in texts:
        marks = [(m.start("name"), m.end("name"), "PERSON") for m in _TITLED.finditer(text)]
        marks = [m for m in marks if not any(after_article[word] > 1 for word in text[m[0] : m[1]].split())]
        for found in _PARTY.finditer(text):
            place = found.span("name") if found["name"] else found.span("bare")
            mark = (*place, "PERSON")
            if not any(a < mark[1] and mark[0] < b for a, b, _ in marks):
                marks.append(mark)
        for found in _BARE.finditer(text):
            spans = [found.span("name")]
            if found["more"]:
                spans += [
                    (found.start("more") + m.start(1), found.start("more") + m.end(1))
                    for m in re.finditer(rf"(?:,|und) ({_LETTER})", found["more"])
                ]
            marks += [(a, b, "PERSON") for a, b in spans if not any(x < b and a < y for x, y, _ in marks)]
        signed = _SIGNED.fullmatch(text)
        if signed and len(text) < 40 and not any(after_article[word] for word in signed["name"].split()):
            marks = [(signed.start("name"), signed.end("name"), "PERSON")]
        yield text, tuple(sorted(marks))
