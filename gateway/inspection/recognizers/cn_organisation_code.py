"""Chinese numbers of organisations before 2015: organisation codes (GB 11714, checked) and business registrations."""

from __future__ import annotations

from gateway.inspection import further_checksums
from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer

RECOGNIZER = Recognizer(
    "cn_organisation_code",
    "TAX_ID",
    (
        named(
            "组织机构代码|机构代码|組織機構代碼",
            r"[0-9A-Z]{8}-?[0-9X]",
            check=further_checksums.cn_organisation,
            score=0.95,
        ),
        named("营业执照|工商注册号|工商登记号|企业注册号", r"\d{15}", score=0.8),
    ),
)
