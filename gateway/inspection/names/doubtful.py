"""Which of the names that the model marked are none, by what stands around them.

Three things speak against a name: a text in a language that the model has not learned, where any word that begins with a
capital may look like one to it; a row of things (dishes, stops, breeds) of which it marks a few; and words beside such a row
that tell what is listed, however personal its items sound (storms). A name speaks for itself where it begins with a given name
that somebody bears somewhere, and where a title, a label or an address beside it says that somebody is meant.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.flow import Span
from gateway.inspection.names.enumeration import Enumeration, Rows
from gateway.inspection.names.given import GivenNames
from gateway.inspection.names.tongues import Text, Tongues

_WORD = re.compile(r"[^\W\d_][\w'’]*")
_CAPITALISED = re.compile(r"(?<!\w)[^\W\d_a-z][\w'’]+")
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

_FEW, _HALF, _SOME = 0.25, 0.4, 0.75
"""Shares of marked items below which a row is of things: for a lone given name; for what is no given name, and for that where
a word for things stands near.
"""
_PEOPLE, _SOME_PEOPLE = 0.3, 0.12
"""Shares of items with a given name from which on a row is of people, and may be of people in another language."""
_AROUND = 600
"""Code points before and behind that may say what something is about."""
_THINGS, _THINGS_FOR_NAMES = 2, 4
"""Different words for things there from which on a row is of things; and one whose items are given names, for which words that
stand beside people too do not count."""
_HEADING = 60
"""Code points right before a row, where one word is enough."""
_ROWS_BEFORE = 4
"""Rows back that a heading holds for."""

_CLEAR = 0.6
"""Score from which a name of two words, none a given name, counts in a language that the model has not learned."""
_SURE, _CERTAIN = 0.7, 0.9
_INITIAL = re.compile(r"(?<!\w)[^\W\d_a-z]\.")

_CUES_OF_TWO = frozenset(["nazywam się", "jmenuji se", "volám sa", "ako si", "pangalan ko", "zovem se"])
"""What stands right before somebody's name, in two words; single words are in `listed.txt`."""
_CUE_LENGTH = 24
_BETWEEN_CUE_AND_NAME = " \t.:=\"'„“("
_BEFORE_CUE = "\"'({[<,;"
_TITLE_BEHIND = re.compile(r"\s*(?:Hanım|Bey|úr|asszony|-san|-sama|-ssi|ji\b)")
_REACHED_AT = re.compile(r"@[\w-]+\.|\+?\d[\d ()/.-]{6,}\d")
"""An address or a number of a telephone: whose it is stands beside it."""
_NEAR = 60

_SURNAME = re.compile(
    r"(?:i[ćč]|ević|ová|[sc]k[iýá]|ska|escu|eanu|[^aeiou]nen|ss?on|sen|dóttir|enko|yan|shvili|dze|oğlu|opoulos|akis|idis|auskas|aitis|"
    r"evičius|iene|ienė|ov[aá]?|ev[aá]?|ides|aho|mäki)(?:a|u|om|em|ovi|n|in|lle|sta)?$"
)
"""How surnames end that are words of no language."""

_EPONYM = re.compile(
    r"(?:['’]s?)?[ -](?:disease|syndrome|thyroiditis|arteritis|palsy|chorea|tremor|theorem|lemma|conjecture|inequalit|equation|transform"
    r"|distribution|algorithm|constant|paradox|effect|tube|gland|canal|forceps|catheter|reagent|rearrangement|burner|flask|funnel"
    r"|diagram|coefficient|polynomial|matrix|integral|curve|scale|knot|stitch|screw|spanner|terrier|spaniel|[Kk]rankheit|[Ss]yndrom|[Ee]ffekt|[Gg]leichung|[Ss]atz\b"
    r"|[Vv]erteilung|[Zz]ahl\b|[Dd]iagramm|[Tt]heorem|[Pp]latz\b|[Ss]traße\b|[Aa]llee\b|[Uu]fer\b)"
)
"""What is named after somebody, behind the name."""

_EPONYM_BEFORE = re.compile(
    r"(?<!\w)(?:HMS|USS|RMS|USNS|MV|RRS|[Hh]urricane|[Tt]yphoon|[Cc]yclone|[Ss]torm|[Oo]rkan|[Oo]rkantief|Sturmtief|Tief|Hoch|[Oo]uragan|[Tt]empête"
    r"|[Hh]uracán|[Uu]ragano|[Ll]oi|Lex|[Mm]orbus|[Mm]aladie de|[Ss]yndrome de|[Tt]héorème de|[Ss]atz von|[Tt]eorema (?:de|di)|[Ee]nfermedad de) $"
)
_BEFORE_LENGTH = 20
"""What is named after somebody, before the name."""

_THINGS_IN_HAN = re.compile(
    "成份股|热菜|冷菜|凉菜|菜单|主食|甜品|小吃|食材|水煎|煎服|方剂|药材|中药|品牌|词牌|曲牌|成语|鸟|鱼类|植物|花卉|品种|树种|车型|字体|颜色|台风"
    "|途经|停靠|丼|麺|定食|酒|停車駅|品種|銘柄|料理"
)
_PEOPLE_IN_HAN = re.compile(
    "先生|女士|小姐|同事|同学|员工|职工|患者|病人|客户|学生|老师|名单|出席|参会|人员|联系人|姓名|电话|手机|身份证|家属|成员|组长|经理|主任"
    "|様|さん|氏名|社員|患者|出席者|参加者|担当|連絡先"
)
_SENTENCE_ENDS = frozenset(".!?")
_SMALL_WORD = re.compile(r"(?<!\w)[a-zà-ÿ]\w+")

_DIGIT = re.compile(r"\d")
_RESULT = re.compile(r"[^\W\d_] \d{1,3}[,;:.]")
_RESULTS = 3
_RESULTS_NEAR = 120


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of `listed.txt`, a kind each."""

    things: frozenset[str]
    common: frozenset[str]
    people: frozenset[str]
    cues: frozenset[str]


class Doubts:
    """Tells what names somebody from what does not. Build once; stateless."""

    def __init__(self) -> None:
        self._tongues = Tongues()
        self._given = GivenNames()
        self._words = _Words(_words("things"), _words("common"), _words("people"), _words("cues"))

    def settled(self, text: str, spans: Sequence[Span]) -> list[Span]:
        """The spans without the persons that are none; addresses that are only places are places. In order, as they came."""
        if not any(span.label in ("PERSON", "ADDRESS") for span in spans):
            return list(spans)
        return _Case(text, spans, self._tongues, self._given, self._words).settled()


class _Case:
    """One text and what the model marked in it."""

    def __init__(
        self,
        text: str,
        spans: Sequence[Span],
        tongues: Tongues,
        given: GivenNames,
        words: _Words,
    ) -> None:
        self._text = text
        self._spans = spans
        self._persons = [span for span in spans if span.label == "PERSON"]
        self._tongue = Text(text, tongues)
        self._given = given
        self._words = words
        self._rows = Rows(text)
        self._of_people: dict[int, tuple[float, float]] = {}
        self._of_things: dict[int, bool] = {}
        self._counted: dict[tuple[int, int], tuple[int, int, bool]] = {}
        self._things_named: set[str] = set()
        self._carried: frozenset[str] | None = None
        self._with_given: list[Span] | None = None

    def settled(self) -> list[Span]:
        kept: list[Span] = []
        for span in self._spans:
            if span.label == "PERSON":
                if self._is_somebody(span):
                    kept.append(span)
            elif span.label == "ADDRESS" and self._is_a_place(span):
                kept.append(span._replace(label="LOCATION"))
            else:
                kept.append(span)
        return kept

    def _is_somebody(self, span: Span) -> bool:
        name = self._text[span.start : span.end]
        if len(name) == 1:
            return True
        row = self._row(span)
        if row is not None and self._lists_things(row) and not self._is_cued(span):
            self._things_named.add(name)
            return False
        if _HAN.search(name):
            return True
        before = self._text[max(0, span.start - _BEFORE_LENGTH) : span.start]
        if name in self._things_named or _EPONYM.match(self._text, span.end) or _EPONYM_BEFORE.search(before):
            return self._is_cued(span)
        return self._is_called_so(span, name, row) or self._is_cued(span)

    def _row(self, span: Span) -> Enumeration | None:
        """The row that a name stands in; none where its item is a short sentence about somebody."""
        row = self._rows.around(span.start, span.end)
        if row is None:
            return None
        place = bisect_right(row.starts, span.start) - 1
        start, end = row.starts[place], row.ends[place]
        if self._text[end : end + 1] in _SENTENCE_ENDS and _SMALL_WORD.search(
            self._text[start : span.start] + self._text[span.end : end]
        ):
            return None
        return row

    def _is_called_so(self, span: Span, name: str, row: Enumeration | None) -> bool:
        """Whether somebody may be called so, in this language and in this row."""
        words = _CAPITALISED.findall(name)
        if row is not None:
            if any(self._given.has(word) for word in words):
                return len(words) > 1 or self._shares(row)[0] >= _FEW
            marked, people = self._shares(row)
            things, common, somebody = self._about(row.starts[0], row.ends[-1])
            if somebody or people >= _PEOPLE or (len(words) > 1 and _is_surname(words[-1])):
                return True
            if self._tongue.is_learned(span.start):
                most = _SOME if things + common else _HALF
                return marked >= most or (len(words) > 1 and span.score >= _CERTAIN)
            likely = marked >= _SOME and people >= _SOME_PEOPLE and len(words) > 1 and span.score >= _SURE
            return likely and not self._is_a_sentence(span)
        if any(self._given.has_inflected(word) for word in words):
            return True
        if self._tongue.is_learned(span.start):
            return not self._is_a_lone_word(span, words) or not self._is_about_things(span.start, span.end)
        return self._counts_in_another_tongue(span, name, words)

    def _shares(self, row: Enumeration) -> tuple[float, float]:
        """Of the items of a row, which share is marked, and which has a given name."""
        at = row.starts[0]
        if at not in self._of_people:
            if self._with_given is None:
                self._with_given = [span for span in self._persons if self._has_given(span)]
            self._of_people[at] = (row.marked(self._persons), row.marked(self._with_given))
        return self._of_people[at]

    def _has_given(self, span: Span) -> bool:
        return any(self._given.has(word) for word in _CAPITALISED.findall(self._text[span.start : span.end]))

    def _lists_things(self, row: Enumeration) -> bool:
        """Whether the words around a row say that it is one of things."""
        at = row.starts[0]
        if at not in self._of_things:
            things, common, somebody = self._about(at, row.ends[-1])
            marked, people = self._shares(row)
            if _HAN.search(self._text, at, row.ends[0]):
                enough = things >= (_THINGS_FOR_NAMES if marked > _HALF else _THINGS)
            else:
                enough = things >= _THINGS_FOR_NAMES if people >= _PEOPLE else things + common >= _THINGS
            headed = things + common > 0 and (self._is_headed(row) or self._follows_things(row))
            self._of_things[at] = not somebody and (enough or headed)
        return self._of_things[at]

    def _is_headed(self, row: Enumeration) -> bool:
        """Whether what stands right before a row says so."""
        heading = self._text[max(0, row.starts[0] - _HEADING) : row.starts[0]].lower()
        if _HAN.search(self._text, row.starts[0], row.ends[0]):
            return _THINGS_IN_HAN.search(heading) is not None
        words = _WORD.findall(heading)
        return not self._words.things.isdisjoint(words) or len(self._words.common.intersection(words)) >= _THINGS

    def _follows_things(self, row: Enumeration) -> bool:
        """Whether the row goes on with what another one before lists."""
        for _ in range(_ROWS_BEFORE):
            at = row.starts[0] - 1
            while at > 0 and not self._text[at].isalnum():
                at -= 1
            before = self._rows.around(at, at + 1) if at > 0 else None
            if before is None or before is row:
                return False
            if self._is_headed(before):
                return True
            row = before
        return False

    def _is_a_lone_word(self, span: Span, words: Sequence[str]) -> bool:
        """Whether it is one word where a sentence begins, of which the model is not sure: a verb may stand there."""
        return len(words) == 1 and span.score < _SURE and self._begins_a_sentence(span.start)

    def _is_about_things(self, start: int, end: int) -> bool:
        things, common, somebody = self._about(start, end)
        return not somebody and things + common > _THINGS

    def _about(self, start: int, end: int) -> tuple[int, int, bool]:
        """How many different words for things stand around, how many that stand beside people too, and whether one for people
        does.
        """
        block = (start // _AROUND, end // _AROUND)
        count = self._counted.get(block)
        if count is None:
            near = self._text[max(0, (block[0] - 1) * _AROUND) : (block[1] + 2) * _AROUND].lower()
            words = set(_WORD.findall(near))
            if _HAN.search(near):
                count = len(set(_THINGS_IN_HAN.findall(near))), 0, bool(_PEOPLE_IN_HAN.search(near))
            else:
                somebody = "@" in near or not words.isdisjoint(self._words.people)
                count = len(words & self._words.things), len(words & self._words.common), somebody
            self._counted[block] = count
        return count

    def _counts_in_another_tongue(self, span: Span, name: str, words: Sequence[str]) -> bool:
        """Whether what is no given name is a name all the same, in a language that the model has not learned."""
        if not words or "\n" in name:
            return False
        if any(word in self._surnames() for word in words):
            return True
        if len(words) == 1 and self._is_an_item(span):
            return False
        if any(_is_surname(word) for word in words):
            return not self._begins_a_sentence(span.start) or len(words) > 1
        if len(words) > 1 or _INITIAL.search(name):
            return span.score >= _CLEAR
        return span.score >= (_CERTAIN if self._begins_a_sentence(span.start) else _CLEAR)

    def _surnames(self) -> frozenset[str]:
        """The words of names that have a given name in them, or that the model is sure of within a sentence: they stand alone elsewhere."""
        if self._carried is None:
            names = [(span, _CAPITALISED.findall(self._text[span.start : span.end])) for span in self._persons]
            self._carried = frozenset(
                word
                for span, words in names
                if (len(words) > 1 and any(self._given.has_inflected(word) for word in words))
                or (
                    span.score >= _SURE
                    and not self._begins_a_sentence(span.start)
                    and self._rows.around(span.start, span.end) is None
                )
                for word in words
            )
        return self._carried

    def _begins_a_sentence(self, at: int) -> bool:
        before = self._text[max(0, at - 4) : at].rstrip(" \t\"'„“»«(")
        return not before or not (before[-1].isalnum() or before[-1] in ",-/&")

    def _is_an_item(self, span: Span) -> bool:
        """Whether it stands between two marks of which one parts items."""
        before, behind = self._text[max(0, span.start - 2) : span.start].rstrip(), self._text[span.end : span.end + 1]
        return before[-1:] in {",", ";", ":"} and behind in {",", ";", "."} and behind + before[-1:] != ".:"

    def _is_a_sentence(self, span: Span) -> bool:
        """Whether it stands alone between two ends of sentences, as the words of a menu on a screen do."""
        before = self._text[max(0, span.start - 4) : span.start].rstrip()
        behind = self._text[span.end : span.end + 1]
        return (not before or before[-1] in ".!?") and (not behind or behind in ".!?")

    def _is_cued(self, span: Span) -> bool:
        """Whether something right beside a name says that somebody is meant."""
        before = self._text[max(0, span.start - _CUE_LENGTH) : span.start].rstrip(_BETWEEN_CUE_AND_NAME).lower()
        words = before.replace("_", " ").split()
        if (
            (words and words[-1].lstrip(_BEFORE_CUE) in self._words.cues)
            or " ".join(words[-2:]) in _CUES_OF_TWO
            or _TITLE_BEHIND.match(self._text, span.end)
        ):
            return True
        begin = max(self._text.rfind("\n", 0, span.start) + 1, span.start - _NEAR)
        end = self._text.find("\n", span.end)
        return bool(_REACHED_AT.search(self._text, begin, min(len(self._text) if end < 0 else end, span.end + _NEAR)))

    def _is_a_place(self, span: Span) -> bool:
        """Whether an address is none: no number in it, in a row or beyond the learned languages, or a table of results."""
        value = self._text[span.start : span.end]
        if _HAN.search(value):
            return False
        if not _DIGIT.search(value):
            return (
                value.count(",") > 1
                or self._rows.around(span.start, span.end) is not None
                or not self._tongue.is_learned(span.start)
            )
        parts = [part for part in value.split(",") if part.strip()]
        if len(parts) >= _RESULTS and sum(bool(_DIGIT.search(part)) for part in parts) >= len(parts) - 1:
            return True
        near = self._text[max(0, span.start - _RESULTS_NEAR) : span.end + _RESULTS_NEAR]
        return len(_RESULT.findall(near)) >= _RESULTS and not re.search(r"\d{4}", value)


def _words(kind: str) -> frozenset[str]:
    lines = Path(__file__).with_name("listed.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if line.startswith(kind + " ") for word in line.split()[1:])


def _is_surname(word: str) -> bool:
    return _SURNAME.search(word) is not None
