"""Markings of companies stand in a line of their own, in headers, footers and labels; sentences about them mark nothing."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("CONFIDENTIAL\nQuarterly plan", "CONFIDENTIAL"),
        ("Acme Corp – Confidential – Page 3\n", "Confidential"),
        ("*** Internal use only ***", "Internal use only"),
        ("Classification: Restricted", "Restricted"),
        ("Do not distribute", "Do not distribute"),
        ("Streng vertraulich\nProtokoll", "Streng vertraulich"),
        ("机密\n项目计划", "机密"),
        ("密级：内部公开", "内部公开"),
        ("仅供内部使用，请勿外传", "仅供内部使用"),
        ("社外秘\n試作機", "社外秘"),
        ("取扱注意", "取扱注意"),
        ("MSIP_Label_0a1b2c3d-1111_Name: Highly Confidential", "Highly Confidential"),
        ("Data classification: C3", "C3"),
        ("公司机密                 第 2 页 / 共 7 页", "公司机密"),
        ("Page 3 of 17\tCOMPANY CONFIDENTIAL\tRev. 4", "COMPANY CONFIDENTIAL"),
        ("STRICTLY PRIVATE AND CONFIDENTIAL\nSuccession", "STRICTLY PRIVATE AND CONFIDENTIAL"),
        ("DOCUMENT INTERNE - NE PAS DIFFUSER", "DOCUMENT INTERNE"),
        ("msip_labels: MSIP_Label_0a1b-11_Enabled=True; MSIP_Label_0a1b-11_Name=Confidential; x", "Confidential"),
        ("MSIP_Label_0a1b-11_Id: defa4170-0d19-0005-0004-bc88714345d2", "defa4170-0d19-0005-0004-bc88714345d2"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("MARKING", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "the confidential report was never written",
        "Please keep this secret between us and buy some milk",
        "本公司重视商业秘密的保护，员工应当遵守保密制度。",
        "The novel's internal monologue is restricted to the first chapter.",
        "MSIP_Label_0a1b2c3d-1111_Name: Public",
        "confidential",
        "Sensitivity: Public",
        "He kept it    confidential    for years",
        "A trade secret is information that has value because others do not know it.",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("MARKING", text) == []
