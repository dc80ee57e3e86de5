"""What an organisation registers itself: values of its tables, passages of its documents, its words, its recognisers."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.inspection.own import dictionaries, documents, recognizers, tables
from gateway.inspection.own.folder import Finders, Sources, check, own_of, stage
from gateway.inspection.own.recognizers import Custom, CustomScanner, Pattern
from gateway.inspection.own.spans_matcher import SpansMatcher, TooManyMatches
from gateway.inspection.own.version import Own

KEY, OTHER = b"k" * 32, b"o" * 32
TABLE = "name,account,city\n" + "".join(
    f"{name},{account},{city}\n"
    for name, account, city in [
        ("Anna Blue", "10134623", "Ulm"), ("Bert Grün", "10142542", "Ulm"), ("王小明", "66020011", "北京"), ("李雷", "66020012", "上海"),
        *((f"P{n} Q{n}", f"7{n:07}", "Ulm") for n in range(50)),
    ]
)  # fmt: skip
PASSAGE = "The lessee returns the vehicle with a full tank and pays for every further kilometre as the price list says."


@pytest.fixture
def table(tmp_path: Path) -> tables.Table:
    tables.register(TABLE, ["name", "account", "city"], "customers", KEY, tmp_path / "customers.npz")
    return tables.load(tmp_path / "customers.npz")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("pay to 10134623 today", ["10134623"]),
        ("pay to 1013-4623 or 10 13 46 23", ["1013-4623", "10 13 46 23"]),
        ("Anna Blue came", []),  # a name alone is no row
        ("ANNA  BLUE, account １０１３４６２３", ["ANNA  BLUE", "１０１３４６２３"]),
        ("王小明的账号是66020011。", ["王小明", "66020011"]),
        ("王小明走了", []),
        ("Anna Blue met Bert Grün", []),  # two rows
        ("from Ulm with 99999999", []),
        ("x10134623y", []),
    ],
)
def test_values_of_a_table_are_found_in_any_writing(table: tables.Table, text: str, values: list[str]) -> None:
    found = tables.TableFinder([table]).find(text, KEY)
    assert [text[span.start : span.end] for span in found] == values
    assert {span.detector for span in found} <= {"table:customers"}


def test_another_tenants_key_finds_nothing(table: tables.Table) -> None:
    assert tables.TableFinder([table]).find("pay to 10134623", OTHER) == []


def test_no_value_is_stored(tmp_path: Path) -> None:
    done = tables.register(TABLE, [], "customers", KEY, tmp_path / "t.npz")
    stored = (tmp_path / "t.npz").read_bytes()
    assert not [value for value in ("Anna", "annablue", "10134623", "王小明") if value.encode() in stored]
    assert done.left_out >= 50  # a city that most rows share says nothing
    assert (tmp_path / "t.npz").stat().st_mode & 0o77 == 0


def test_a_table_without_the_column_or_without_values_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no column street"):
        tables.register(TABLE, ["street"], "t", KEY, tmp_path / "t.npz")
    with pytest.raises(ConfigurationError, match="no value"):
        tables.register("a,b\n1,2\n", [], "t", KEY, tmp_path / "t.npz")


@pytest.fixture
def contracts(tmp_path: Path) -> documents.Documents:
    texts = [
        PASSAGE * 3 + " Other words stand here.",
        "承租人应当在每月五日前支付租金，逾期一日按千分之一计收违约金，押金在退租后七日内退还。" * 3,
        "short",
    ]
    assert documents.register(texts, "contracts", KEY, tmp_path / "c.npz") == (2, 1)
    return documents.load(tmp_path / "c.npz")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"Please improve: {PASSAGE.upper()}", True),
        ("请润色：承租人应当在每月五日前支付租金，逾期一日按千分之一计收违约金，押金在退租后七日内退还。", True),
        (
            "The lessee returns the car. Is that a good sentence to begin with, and if not, what would be a better one?",
            False,
        ),
        ("", False),
    ],
)
def test_passages_of_registered_documents_are_recognised(
    contracts: documents.Documents, text: str, found: bool
) -> None:
    spans = documents.DocumentFinder([contracts]).find(text, KEY)
    assert [span.detector for span in spans] == (["registered_document:contracts"] if found else [])
    assert documents.DocumentFinder([contracts]).find(text, OTHER) == []


def test_words_count_once_they_weigh_enough() -> None:
    chips = dictionaries.Dictionary(name="chips", threshold=3, terms={"wafer": 1, "tape-out": 2, "流片": 2})
    scanner = dictionaries.DictionaryScanner((chips,))
    text = "The WAFER is ready, 流片在即"
    assert [text[span.start : span.end] for span in scanner.find(text)] == ["WAFER", "流片"]
    assert scanner.find("wafer wafer wafer") == []
    assert scanner.find("wafers and tape-outs") == []


YAML = """
recognizers:
  - name: badge
    supported_languages: [{language: en, context: [badge, employee]}]
    patterns: [{name: badge, regex: '\\bE-?[0-9]{5}\\b', score: 0.3}]
    supported_entity: BADGE
  - name: projects
    supported_entity: PROJECT
    deny_list: [Project Falcon, 猎鹰计划]
  - {name: unused, supported_entity: UNUSED, enabled: false, deny_list: [x]}
"""


def test_presidios_schema_with_context_and_deny_lists(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(YAML)
    scanner = CustomScanner(recognizers.read(tmp_path / "r.yaml"))
    text = "Project  falcon: employee E-12345; 猎鹰计划. " + "." * 60 + " E54321"
    found = [(text[span.start : span.end], span.label, round(span.score, 2)) for span in scanner.find(text)]
    assert found == [("Project  falcon", "PROJECT", 1.0), ("E-12345", "BADGE", 0.65), ("猎鹰计划", "PROJECT", 1.0)]


@pytest.mark.parametrize(
    ("regex", "why"),
    [
        (r"(?=x)y", "linear time"),
        (r"(a)\1", "linear time"),
        (r".*", "linear time"),
        (r"a{1,99999}", "linear time"),
        (r"[", "linear time"),
        (r"\w", "kilobyte|everywhere"),
    ],
)
def test_a_pattern_that_could_run_away_is_refused(regex: str, why: str) -> None:
    custom = Custom(name="mine", supported_entity="MINE", patterns=(Pattern(name="p", regex=regex, score=0.5),))
    with pytest.raises(ConfigurationError, match=f"recogniser mine.*({why})"):
        recognizers.check((custom,))


def test_what_backtracking_engines_choke_on_is_linear_here() -> None:
    custom = Custom(name="mine", supported_entity="MINE", patterns=(Pattern(name="p", regex="(a+)+$", score=0.5),))
    recognizers.check((custom,))
    assert CustomScanner((custom,)).find("a" * 50_000 + "b") == []


def test_too_many_matches_refuse_the_text() -> None:
    with pytest.raises(TooManyMatches):
        SpansMatcher(["[a-z]", "[a-z]{2}", "[a-z]{3}"]).find("a" * 300_000)


@pytest.mark.parametrize(
    "text",
    [
        "recognizers: [{name: a, supported_entity: b}]",
        "recognizers: [{name: a, supported_entity: B, surprise: 1}]",
        "recognizers: [{name: a, supported_entity: B, type: predefined}]",
        "- 1",
        "{",
    ],
)
def test_a_file_that_is_none_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"r\.yaml"):
        recognizers.read(tmp_path / "r.yaml")


def test_a_staged_version_is_whole_and_concerns_whom_it_names(tmp_path: Path) -> None:
    registered, run = tmp_path / "registered", tmp_path / "run"
    tables.register(TABLE, [], "customers", KEY, registered / "acme" / "tables" / "customers.npz")
    own, folder = stage(Sources("", "", registered), run)
    assert folder is not None
    assert own == own_of(folder)
    assert (own.concerns("acme"), own.concerns("globex")) == (True, False)
    check(folder)
    (tmp_path / "r.yaml").write_text(YAML)
    later, _ = stage(Sources(str(tmp_path / "r.yaml"), "", registered), run)
    assert later.version != own.version
    assert later.concerns("globex")
    finders = Finders(run)
    text = "Project Falcon, 10134623"
    assert len(finders.get(own.version, "acme").find(text, KEY)[0]) == 1
    assert len(finders.get(later.version, "acme").find(text, KEY)[0]) == 2
    assert len(finders.get(later.version, "globex").find(text, KEY)[0]) == 1
    with pytest.raises(ConfigurationError):
        finders.get("0" * 24, "acme")
    assert stage(Sources("", "", tmp_path / "nothing"), run) == (Own(), None)
