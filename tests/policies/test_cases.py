"""Our own compliance cases, in the shape that `lexgate policy cases` reads; and how a summary becomes a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies import cases, facts
from policies.bundle import load
from policies.engine import Engine

FILE = Path(__file__).with_name("cases.jsonl")
CASES = list(cases.read(FILE.read_bytes().splitlines()))
LAWFUL = load("builtin:lawful")
EEA = cases.eea(LAWFUL)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(LAWFUL)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id} {case.title}")
def test_the_law_as_we_read_it(engine, case):
    assert cases.judge(engine, case, EEA).problems == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_summary_becomes_a_whole_document(case):
    document = cases.document(case.input, EEA)
    assert facts.canonical(document)["caller"]["country"] == case.input["caller"]["country"]


@pytest.mark.parametrize(
    ("country", "named", "known"),
    [
        ("DE", "scc", "eu_scc"), ("CN", "standard contract", "cn_standard_contract"), ("GB", "IDTA", "uk_idta"),
        ("CN", "cn_standard_contract", "cn_standard_contract"), ("CN", "cn_security_assessment", "cn_security_assessment"),
        ("BR", "scc", "br_scc"), ("KR", "separate_consent", "kr_consent"), ("US", "cisa_controls", "us_cisa_requirements"),
        ("VN", "transfer_impact_assessment", "vn_transfer_dossier"), ("CN", "parental_consent", "parental_consent"),
    ],
)  # fmt: skip
def test_other_names_of_a_mechanism(country, named, known):
    document = cases.document(
        {"caller": {"country": country}, "mechanisms": [named], "at": "2026-11-22T03:00:00Z"}, EEA
    )
    assert known in document["mechanisms"]


def test_a_mechanism_that_has_ended_is_none():
    summary = {"caller": {"country": "CN"}, "at": "2026-11-22T03:00:00Z",
               "mechanisms": [{"name": "cn_security_assessment", "valid_until": "2026-11-21"},
                              {"name": "cn_certification", "valid_until": "2026-11-23"}]}  # fmt: skip
    assert cases.document(summary, EEA)["mechanisms"] == ["cn_certification"]


def test_a_wrong_expectation_is_told(engine):
    case = CASES[0]
    wrong = cases.Case(case.id, case.title, case.input, {"allow_unmodified": False, "obligations_any": ["block"],
                                                         "obligations_all": ["label_output"], "tier": "x"})  # fmt: skip
    problems = " ".join(cases.judge(engine, wrong, EEA).problems)
    assert all(word in problems for word in ("allow_unmodified", "block", "label_output", "tier"))


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"id": 1}', b"5"])
def test_a_line_that_is_no_case_is_named(line):
    with pytest.raises(ValueError, match="line 2"):
        list(cases.read([b"", line]))
