"""Keys that their vendors give a recognisable form."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("export K=sk-ant-api03-zozTWCPzZrwIj_R2yCPQkVwoC4R4g1", "sk-ant-api03-zozTWCPzZrwIj_R2yCPQkVwoC4R4g1"),
        ("AKIALIOG3QEPZNJZH3FO", "AKIALIOG3QEPZNJZH3FO"),
        ("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", "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"),
        ("glpat-zX3kd83jSk2Lf0aPqz8T", "glpat-zX3kd83jSk2Lf0aPqz8T"),
        ("sk-fhrpgcrmgszhvstntlmtqgfqwhtnhdtlvwvpdpxcmpwltlmn", "sk-fhrpgcrmgszhvstntlmtqgfqwhtnhdtlvwvpdpxcmpwltlmn"),
        ("sk_50f8a8e9bb8bdb5eba456bf92d5d98065e5751f75143a5f6", "sk_50f8a8e9bb8bdb5eba456bf92d5d98065e5751f75143a5f6"),
        ("fc-1debc267b0bc8d3b1939a9b4ddbe45cf", "fc-1debc267b0bc8d3b1939a9b4ddbe45cf"),
        (
            "csk-642b0c3a4acdd7f9fcc589f8d0a9f94f03e7914c0f87f17f",
            "csk-642b0c3a4acdd7f9fcc589f8d0a9f94f03e7914c0f87f17f",
        ),
        ("bkua_8499ff30499a90ebb4108e360ddfcfc69e290d9f", "bkua_8499ff30499a90ebb4108e360ddfcfc69e290d9f"),
        (
            "CCIPAT_vjkGWMHxLjDPL5deYqt6f4_20ad2cf1337349e455d52613c2813c40d2affbb1",
            "CCIPAT_vjkGWMHxLjDPL5deYqt6f4_20ad2cf1337349e455d52613c2813c40d2affbb1",
        ),
        ("fo1_iWujNSVJuMMRqseMrs72uKi5r9zFZAmiXbTxfNUcf9h", "fo1_iWujNSVJuMMRqseMrs72uKi5r9zFZAmiXbTxfNUcf9h"),
        ("ALTAKJQFrAFGwg4KbLYAd8jDV4", "ALTAKJQFrAFGwg4KbLYAd8jDV4"),
        (
            "AQ.Ab8qZhfUH6piWRAy7ruxRXy4AAiY7yTu5SD8zKcPNpZmBegcc",
            "AQ.Ab8qZhfUH6piWRAy7ruxRXy4AAiY7yTu5SD8zKcPNpZmBegcc",
        ),
        (
            "mnncHGU2yaDGvRDwFFgnjTkez9A9GjMsht6k2uVrcGcy2zwdWbVFJQQJ99G8jh4UwuFVrYkcnXbNqUACOGfRBX",
            "mnncHGU2yaDGvRDwFFgnjTkez9A9GjMsht6k2uVrcGcy2zwdWbVFJQQJ99G8jh4UwuFVrYkcnXbNqUACOGfRBX",
        ),
        (
            "IQoJb3JpZ2luX2VjzVvmFzueYXFk3rmVpcTQDYtaFdE3VCkccM77KNygXer5HfGdVrTdHB4dds7CEvSdcnmWJSBnLqfw4gfLkQe8YpRbELyHDN3AKSiYa2vWE6qMhivGf33s6BwiiLfGrWf5DNUrtdHWrdXn4uzgeC3wA23MauT2iNbEj6WT4bYdWDtg55AMiwevkisHVwuceL2ZMbbhdi6y",
            "IQoJb3JpZ2luX2VjzVvmFzueYXFk3rmVpcTQDYtaFdE3VCkccM77KNygXer5HfGdVrTdHB4dds7CEvSdcnmWJSBnLqfw4gfLkQe8YpRbELyHDN3AKSiYa2vWE6qMhivGf33s6BwiiLfGrWf5DNUrtdHWrdXn4uzgeC3wA23MauT2iNbEj6WT4bYdWDtg55AMiwevkisHVwuceL2ZMbbhdi6y",
        ),
        (
            "sk-None-D9sRbqKDiznxyakPR6kYgtKQkSXjE2D4DhxwEqFQDkEd3UkLGHQagi68CVdpacNrGXyBFpnt6nT3BlbkFJvMKy224rzy5r6U78dRHByjj7rHAcgkBg2Xun452wGVG9LRf5nAWagJQPRm6AbwVbRvJAJGLXWB",
            "sk-None-D9sRbqKDiznxyakPR6kYgtKQkSXjE2D4DhxwEqFQDkEd3UkLGHQagi68CVdpacNrGXyBFpnt6nT3BlbkFJvMKy224rzy5r6U78dRHByjj7rHAcgkBg2Xun452wGVG9LRf5nAWagJQPRm6AbwVbRvJAJGLXWB",
        ),
        (
            "sntrys_eyJE46PWMUdLj5CzPbV3Kpuuebf3yRP92XCvatXrec2fUvyW57ZQRMpGKfhrx4LDBaUAAm2TKpVRwAwg7WMWXzrgpuv5t5RekeSC3mq=_TeNNS7SLYCCqDGKQrvCtfQxmCbjhuNMQNmDnwQgT4Wx",
            "sntrys_eyJE46PWMUdLj5CzPbV3Kpuuebf3yRP92XCvatXrec2fUvyW57ZQRMpGKfhrx4LDBaUAAm2TKpVRwAwg7WMWXzrgpuv5t5RekeSC3mq=_TeNNS7SLYCCqDGKQrvCtfQxmCbjhuNMQNmDnwQgT4Wx",
        ),
        (
            "AAAAAAAAAAAAAAAAAAAAAYedHi7Kewn8FTAqWR75G7ganVkhfxjzR2gN2EZw635mXMPS99gzg6enpwzmF%3DVZ2frBLFAahQziVaHAxZ",
            "AAAAAAAAAAAAAAAAAAAAAYedHi7Kewn8FTAqWR75G7ganVkhfxjzR2gN2EZw635mXMPS99gzg6enpwzmF%3DVZ2frBLFAahQziVaHAxZ",
        ),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("API_KEY", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "sk-xxxxxxxxxxxxxxxxxxxxxxxx",
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSyAnLA7NfeLquW1tJFpx_eQCxoX-oo6YyIs",
        "sk-ant-api03-abc123xyz-456def789ghij-klmnopqrstuvwx-3456yza789bcde",
        "GR134894112312312312312312312",
        "glsa_XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX_AAAAAAAA",
        "sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "task-management-of-the-whole-company",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("API_KEY", text) == []
