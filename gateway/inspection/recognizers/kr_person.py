"""Korean names in the fields of forms and JSON, behind a word for a name, and before 씨."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

_FIELD = "이름|성명|성함|예금주|신청인|수령인|받는 ?분|보내는 ?분|담당자|환자명|고객명"
_SURNAME = "[김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민나진지엄채원천방공현함변]"
_NAME = rf"(?:{_SURNAME}|남궁|황보|제갈|선우|독고)[가-힣]{{1,2}}"
_END = "(?=[^가-힣]|입니다|이고|님|$)"

RECOGNIZER = Recognizer(
    "kr_person",
    "PERSON",
    (
        shape(
            f"({_FIELD})",
            rf"(?:{_FIELD})명?(?:은|는|이|가)?[\"']?[ \t]{{0,2}}[:：]?[ \t]{{0,2}}[\"']?(?P<value>{_NAME}){_END}",
            score=0.9,
        ),
        shape(
            r"name[\"'] ?: ?[\"']",
            rf"name[\"'] ?: ?[\"'](?P<value>{_NAME})(?=[\"'])",
            score=0.9,
        ),
        shape("씨", rf"(?<![가-힣])(?P<value>{_NAME}) ?씨(?=[^가-힣]|가|는|와|를|에게|의|도|께|$)", lead=5, score=0.8),
    ),
)
