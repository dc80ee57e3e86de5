"""Names that everybody knows count as nobody's, but only where nothing else is personal."""

from __future__ import annotations

import pytest

from gateway.flow import Finding, PartKind, Span
from gateway.inspection.engine import Engine
from gateway.inspection.figures import needs_hints, without_figures
from gateway.inspection.steps import finished


def finding(value: str, label: str = "PERSON", score: float = 0.9) -> Finding:
    return Finding(("text",), PartKind.TEXT, Span(0, len(value), label, score, "names"), value)


def hint(kind: str, path: str = "text") -> Finding:
    return Finding((path,), PartKind.TEXT, Span(0, 0, "CLASS", 0.75, kind), "")


@pytest.mark.parametrize(
    "name",
    [
        *("Isaac Newton", "isaac  newton", "Martin Luther King Jr", "李白", "埃隆·马斯克", "Hamlet"),
        *(
            "Isaac Newton's",
            "Frederic Chopin",
            "Captain Ahab",
            "Queen Cleopatra",
            "de Victor Hugo",
        ),  # in other writings
        *("Louis XIV", "Philip II", "Alfred the Great", "William II Rufus"),  # rulers by numeral and byname
        *("尔摩斯", "Goethe, Schiller", "苏格拉底和柏拉图"),  # cut short, or found as one
    ],
)
def test_a_known_name_alone_is_nobodys(name):
    assert without_figures([finding(name)]) == ()


def test_what_is_not_personal_stays():
    company = finding("Acme Ltd", "ORG")
    assert without_figures([company, finding("Charles Darwin")]) == (company,)


@pytest.mark.parametrize(
    "other", [finding("Deborah Garcia"), finding("+44 20 7946 0018", "PHONE"), finding("12 Baker Street", "ADDRESS")]
)
def test_beside_anything_personal_it_is_a_name_like_others(other):
    findings = (finding("Isaac Newton"), other)
    assert without_figures(findings) == findings


@pytest.mark.parametrize("name", ["John Adams", "James Brown", "王伟", "Wilson"])
def test_what_many_are_called_is_not_on_the_list(name):
    assert without_figures([finding(name)]) == (finding(name),)


def test_nothing_found_is_nothing():
    assert without_figures([]) == ()


def test_first_names_count_in_the_company_of_known_ones():
    cast = [finding("Elizabeth Bennet"), finding("Bingley"), finding("Jane"), finding("Lydia")]
    assert without_figures(cast) == ()
    assert without_figures(cast[1:3]) == tuple(cast[1:3])


def test_a_doubtful_name_beside_known_ones_is_none():
    assert without_figures([finding("魏征"), finding("师夷", score=0.5)]) == ()
    assert len(without_figures([finding("师夷", score=0.5)])) == 1


@pytest.mark.parametrize("kind", ["fiction", "citation"])
def test_people_of_a_story_or_of_a_bibliography_are_nobodys(kind):
    assert without_figures([finding("Tamsin Quill"), hint(kind)]) == ()


def test_those_of_a_sum_have_one_name():
    assert without_figures([finding("Lena"), finding("Tom"), hint("exercise")]) == ()
    assert len(without_figures([finding("Lena Krause"), hint("exercise")])) == 2


def test_those_of_history_stand_beside_known_ones():
    assert without_figures([finding("Louis XVI"), finding("Necker"), hint("culture")]) == ()
    assert len(without_figures([finding("Necker"), hint("culture")])) == 2


@pytest.mark.parametrize(
    "other",
    [
        hint("acquaintance"),
        hint("health"),
        hint("contracts", "elsewhere"),
        finding("+44 20 7946 0018", "PHONE"),
    ],
)
def test_no_story_excuses_a_name_in_a_call_about_somebody(other):
    findings = (finding("Tamsin Quill"), hint("fiction"), other)
    assert without_figures(findings) == findings


def test_a_story_asked_for_in_one_part_excuses_no_name_in_another():
    findings = (finding("Tamsin Quill"), hint("fiction", "elsewhere"))
    assert without_figures(findings) == findings


def test_alice_and_bob_are_nobody_and_alice_alone_is_somebody():
    assert without_figures([finding("Alice"), finding("Bob")]) == ()
    assert len(without_figures([finding("Alice")])) == 1


def test_hints_are_looked_for_only_where_something_hangs_on_them():
    def spans(*findings: Finding) -> list[Span]:
        return [each.span for each in findings]

    assert needs_hints("Tamsin Quill", spans(finding("Tamsin Quill")))
    assert not needs_hints("Isaac Newton", spans(finding("Isaac Newton")))
    assert not needs_hints("12 Baker Street", spans(finding("12 Baker Street", "ADDRESS")))
    assert not needs_hints("", [])


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


def counted(engine: Engine, text: str) -> list[str]:
    [(spans, classes)] = finished(engine.seen([text]))
    found = [Finding((), PartKind.TEXT, span, text[span.start : span.end]) for span in (*spans, *classes)]
    return [each.value for each in without_figures(found) if each.span.label == "PERSON"]


@pytest.mark.parametrize(
    "text",
    [
        "Write a ghost story about Tamsin Quill and the lighthouse.",
        "写一个武侠小说开头：青衫剑客谢无咎在破庙里遇见了女医柳拂衣。",
        "Tom has three times as many stickers as Lena. Together they have 64. How many does each have?",
        "Compare the novels of Jane Austen and Charlotte Brontë.",
    ],
)
def test_whoever_asks_for_a_story_or_a_sum_names_nobody(engine, text):
    assert counted(engine, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Write a story about my colleague Deborah Garcia who stole the printer.",
        "How many days of leave does Deborah Garcia have left if she took 12 of 30?",
        "Who wrote the report, Kevin Walsh or Deborah Garcia?",
        "写一个关于我同事李秀英的故事，她偷了公司的打印机。",
    ],
)
def test_whoever_writes_about_people_names_them(engine, text):
    assert counted(engine, text)
