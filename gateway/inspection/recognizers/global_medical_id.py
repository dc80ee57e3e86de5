"""Numbers of patients, insured persons and medical files: beside a word that says so; NHS numbers are checked."""

from __future__ import annotations

from gateway.inspection.checksums import only_digits, uk_nhs
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
            r"(?i)\b(mrn|medical record|patient id|patient number|patient no|patient #|chart (no|number)|health (card|plan|insurance)|insurance id|member id|policy holder id|medicare|medicaid|beneficiary id|nhs (no|number))",
            r"(?i)(?:mrn|medical record|patient id|patient number|patient no|patient #|chart (?:no|number)|health (?:card|plan|insurance)|insurance id|member id|policy holder id|medicare|medicaid|beneficiary id|nhs (?:no|number))"
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
            r"(?i)(versichertennummer|krankenversicherten|patientennummer|numéro de patient|número de historia|historia cl|\bnhc\b|tessera sanitaria|numero paziente|afiliación|nass)",
            r"(?i)[\wéíó]{3,24}[^\n0-9]{0,16}?" + _VALUE,
            check=_check,
            score=0.85,
        ),
    ),
)
