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
    "withheld": "The price list is done; please do not forward it.",
    "declared_confidential": "This document is confidential.",
    "tender": "开标前最终报价拟定 7,985 万，对手上次下浮 6.9%。",
    "restructuring": "组织优化沟通口径：补偿 N+1，当天签字。",
    "investigation": "Internal audit findings: the sales director paid a kickback.",
    "credit": "Loan application: arrears of four months and a payday loan.",
    "biometric": "Gate enrolment export: fingerprint template, iris scans follow.",
    "tax": "Tax memo: shift margin to the entity, cost plus 4%; audit risk medium.",
    "important_minerals": "钻孔成果表：孔号 ZK01，终孔深 286.4，矿体厚 11.2，品位 0.137；ZK02，301.0，9.8，0.121；ZK03，255.7",
    "important_infrastructure": "联锁主机仍使用默认口令，该系统为关键信息基础设施。",
    "important_water": "大坝渗流量较上季增 42%，泄洪闸启闭机故障未修。",
    "important_epidemic": "疾控周报（不公开）：不明原因肺炎聚集性病例 3 起。",
    "important_strategic": "国家储备库点轮换计划见附表，不公开。",
    "important_telecom": "核心网拓扑与国际出入口单点故障清单，严禁外传。",
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


@pytest.mark.parametrize(
    "text",
    [
        "企业并购的一般流程包括签署意向书、尽职调查、估值与收购，协同效应是溢价的来源。",
        "A typical acquisition proceeds from a letter of intent through due diligence to the share purchase agreement.",
        "受需求下滑影响，某车企宣布将裁员 7,000 人并关停一座工厂，公司表示将谈判补偿方案。",
        "据报道，多枚导弹袭击了军事基地，弹药库起火，国防部发言人称已作出部署。",
    ],
)
def test_news_and_textbooks_are_no_papers(names, text):
    assert names(text) == []


def test_what_is_kept_back_is_no_news_whatever_else_it_says(names):
    text = "董事会宣布拟收购标的公司，尽职调查已结束，公司表示"
    assert names(text) == []
    assert names(text + "；公告前请勿外传。") == ["merger", "withheld"]


def test_figures_of_a_table_are_counted_one_by_one(names):
    table = "Drill hole database, block C\nhole_id,easting,northing\nC-1,512338,6288102\nC-2,512390,6288155\nC-3,512466,6288201\n"
    assert names(table) == ["important_minerals"]


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
        ("pub struct A {\n    n: u8,\n}\n\nimpl A {\n    pub fn new() -> Self {\n        A { n: 0 }\n    }\n}\n", True),
        (
            "class Invoice\n  def initialize(lines)\n    @lines = lines\n  end\n\n  def total\n    lines.sum\n  end\nend\n",
            True,
        ),
        ("#!/bin/bash\nset -e\nfor h in a b; do\n  scp x $h:/opt\n  ssh $h reload\ndone\necho ok\n", True),
        ("- milk\n- eggs\n- flour\n- butter\n- salt\n- sugar\n- import duty\n", False),
    ],
)
def test_source_code_is_known_by_its_shape(text, code):
    assert is_source_code(text) is code
