"""Numbers of patients, insured persons and medical files: beside a word that says so; NHS numbers are checked."""

from __future__ import annotations

from gateway.inspection.checksums import only_digits, uk_nhs
from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer, shape

_VALUE = r"(?<![0-9A-Za-z])(?P<value>[A-Za-z]{0,5}[\-]?\d[0-9A-Za-z]*(?:-[0-9A-Za-z]+){0,3})(?![0-9A-Za-z])"
_GAP = r"[\"'’\s]{0,3}(?:(?:no|nr|number|num|id|#)\b\.?)?\s{0,2}(?:is|was|of|[:：=#])?\s{0,2}[\"'(]{0,2}"


def _check(value: str) -> bool:
    return 5 <= len(value) <= 24 and len(only_digits(value)) >= 4


RECOGNIZER = Recognizer(
    "medical_id",
    "MEDICAL_ID",
    (
        shape(r"\bMRN[\-#]?[0-9]{5}", r"(?<![0-9A-Za-z])MRN[\-#]?\d{5,12}(?![0-9A-Za-z])", score=0.92),
        shape(
            r"(?i)\b(mrn|medical record|patient id|patient number|patient no|patient #|chart (no|number)|health (card|plan|insurance)|insurance id|member id|policy holder id|medicare|medicaid|beneficiary id|nhs_?(no|number)|nhs (no|number))",
            r"(?i)(?:mrn|medical record|patient id|patient number|patient no|patient #|chart (?:no|number)|health (?:card|plan|insurance)|insurance id|member id|policy holder id|medicare|medicaid|beneficiary id|nhs[ _]?(?:no|number))"
            + _GAP
            + _VALUE,
            check=_check,
            score=0.88,
        ),
        shape(
            r"(?i)\bnhs\b",
            r"(?i)nhs[^\n0-9]{0,20}(?P<value>\d{3}[ \-]?\d{3}[ \-]?\d{4})(?![0-9A-Za-z])",
            check=lambda value: 0.95 if uk_nhs(only_digits(value)) else 0.7,
        ),
        shape(
            "(住院号|病案号|病历号|门诊号|就诊号|就诊卡|病人号|患者编号|患者号|登记号|医保|社保|社会保障|医疗保险|检查号|诊疗卡)",
            r"[一-鿿]{2,6}[：:为是\s]{0,3}" + _VALUE,
            check=_check,
            score=0.9,
        ),
        shape(
            "(健保卡|健康保険|保険証|被保険者|健康保險|건강보험)",
            rf"(?:健保卡|健康保険|保険証|被保険者|健康保險|건강보험)[^\n0-9]{{0,14}}(?:\d{{1,3}} 番号 ?)?{_VALUE}",
            check=_check,
            score=0.88,
        ),
        named(r"\bchi (no|number)", r"\d{6} ?\d{4}", check=lambda value: 0.95 if uk_nhs(only_digits(value)) else 0.8),
        named(r"medicare (card|n)", r"[2-6]\d{3} \d{5} \d", score=0.93),
        named(r"\babha\b|ayushman|health id", r"\d{2}-\d{4}-\d{4}-\d{4}|\d{14}", score=0.93),
        named(r"cart(ã|a)o.(do.)?sus|\bcns\b|nacional de sa(ú|u)de", r"[1-9]\d{2} ?\d{4} ?\d{4} ?\d{4}"),
        named(r"\bipp\b", r"\d{8,11}", gap=6),
        named(r"\brpps\b|\badeli\b", r"\d{8,11}", gap=20),
        named(r"\blanr\b|arztnummer|\bbsnr\b", r"\d{9}"),
        named(r"\bcip\b|tarjeta sanitaria", r"[A-Z]{4} ?\d{10}|[A-Z]{8}\d{6,8}", gap=20, score=0.9),
        shape(
            r"(?i)(versichertennummer|krankenversicherten|patientennummer|numéro de patient|número de historia|historia cl|\bnhc\b|tessera sanitaria|numero paziente|afiliación|nass)",
            r"(?i)[\wéíó]{3,24}[^\n0-9]{0,16}?" + _VALUE,
            check=_check,
            score=0.85,
        ),
    ),
)
