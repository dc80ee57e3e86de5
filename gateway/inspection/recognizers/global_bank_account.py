"""Bank account and routing numbers: bare digits, so only beside a word that says so."""

from __future__ import annotations

from gateway.inspection.checksums import only_digits
from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer, shape

_CUE = (
    # Each alternative begins with its letter, so that most places are passed over at a glance.
    r"(?:a(?<![a-z]a)cct|account|a(?<!\wa)(?:/c\b|ba\b|cc(?:\b|[.:#]))|routing|b(?<!\wb)sb\b|transit|sort[ \-]?code"
    r"|b(?<![a-z]b)ank(?![a-z])|deposit to|beneficiary|wire to|wire transfer|checking|savings|c(?<!\wc)labe\b"
    r"|i(?<!\wi)fsc\b|s(?<!\ws)wift\b|direct deposit"
    r"|账号|帐号|卡号|账户|帐户|户头|存折|对公|工资卡|行卡|银卡|信卡|用卡|蓄卡|银行账|银行卡|储蓄卡|借记卡|收款|汇款|打款|开户"
    r"|帳號|帳戶|戶口|口座|普通預金|계좌|conta corrente|conta banc|conta poupan|s(?<!\ws)/c\b|konto(?:nummer|nr)?|bankleitzahl|b(?<!\wb)lz\b|compte|cuenta|c(?<!\wc)onto\b|rekening)"
)
_NOT = r"(?:order|invoice|ticket|tracking|订单号?|单号|发票号?|流水号?|学号|工号|密码|口令|phone|tel|电话|手机号?|zip|邮编)\s*(?:no\.?|number|#)?[:：#\s]{0,3}$"


def _check(value: str) -> bool:
    digits = only_digits(value)
    return 6 <= len(digits) <= 20 and len(set(digits)) > 1 and not (len(digits) == 8 and digits[:2] in {"19", "20"})


RECOGNIZER = Recognizer(
    "bank_account",
    "BANK_ACCOUNT",
    (
        shape(
            r"\b[0-9]{6,20}\b",
            r"(?<![0-9A-Za-z.,\-/#$€£¥])\d{6,20}(?![0-9A-Za-z]|[.,\-/:][0-9])",
            check=_check,
            cue=_CUE,
            unless=_NOT,
            score=0.65,
        ),
        shape(
            r"\b[0-9]{2,6}[ \-]([0-9]{4}|[0-9]{2,3}[ \-][0-9]{2})",
            r"(?<![0-9A-Za-z.,\-/#$€£¥])\d{2,6}(?:[ \-]\d{2,8}){1,6}(?:-\d)?(?![0-9A-Za-z]|[.,\-/:][0-9])",
            check=_check,
            cue=_CUE + r"[^\n]{0,16}$",
            unless=_NOT,
            score=0.6,
        ),
        named(
            r"conta corrente|conta poupan(ç|c)a|conta banc(á|a)ria|conta n",
            r"(?!20\d\d-)\d{4,12}-[0-9Xx]",
            gap=10,
            score=0.8,
        ),
        named("戶口|户口号|帳號|帳戶", r"\d{3}-\d{3}-\d-?\d{6}|\d{3}-\d{6}-\d{3}", score=0.85),
    ),
)
