"""Classes of content: a document of the class is one, a text about its topic is none."""

from __future__ import annotations

import pytest

from gateway.inspection.content.classes import BLOCK, ClassFinder, catalogue
from gateway.inspection.content.source_code import is_source_code


@pytest.fixture(scope="module")
def names():
    finder = ClassFinder()
    return lambda text: [name for name, _ in finder.find(text)]


CASES = {
    "health": "The patient was admitted with a stroke; an MRI was done.",
    "payroll": "Payslip for May: gross salary, tax withheld, bonus.",
    "merger": "Due diligence on the target company ends before exclusivity does; the purchase price is open.",
    "important_energy": "附变电站继电保护定值和负荷曲线，请按调度指令执行。",
    "important_genetic": "全基因组测序数据与VCF文件已入生物样本库。",
    "minor": "小学三年级学生，9岁，家长已签同意书。",
    "privileged": "Privileged and confidential: our litigation strategy.",
}


@pytest.mark.parametrize("name", CASES)
def test_a_document_of_a_class_is_one(names, name):
    assert name in names(CASES[name])


@pytest.mark.parametrize(
    "text",
    [
        "The doctor said that a walk would help.",
        "The company bought a competitor last year.",
        "电网改造提高了供电质量。",
        "The school is near the station.",
        "",
    ],
)
def test_a_topic_is_no_document(names, text):
    assert names(text) == []


def test_terms_far_apart_do_not_add_up(names):
    assert names("patient " + "word " * 3_000 + "diagnosis") == []


def test_where_a_long_text_is_cut_does_not_matter(names):
    case = CASES["merger"]
    for shift in (0, len(case) // 2, len(case)):
        assert names("x " * ((BLOCK - shift) // 2) + case + " y" * 100) == ["merger"]


def test_every_class_says_why_and_can_be_reached():
    classes, terms, weights = catalogue()
    assert all(each.why and 0 <= each.grade <= each.person <= 5 for each in classes.values())
    assert len(terms) == len(weights)
    assert all(writing.strip() for writings in terms for writing in writings)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("import os\n\ndef f(x):\n    if x:\n        return 1\n    return os.getpid()\n\nprint(f(2))\n", True),
        ("SELECT a, b\nFROM t\nJOIN u ON t.id = u.id\nWHERE a > 3\nGROUP BY b\nORDER BY a;\n", True),
        (
            "First we import the goods.\nThen we return home;\nthe class was nice.\nFor dinner we had soup.\nIt rained.\nEnd\n",
            False,
        ),
        ("- milk\n- eggs\n- flour\n- butter\n- salt\n- sugar\n- import duty\n", False),
    ],
)
def test_source_code_is_known_by_its_shape(text, code):
    assert is_source_code(text) is code
