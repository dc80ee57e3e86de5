"""Chinese licence plates (GA 36-2018): province, office letter, five or six (new energy) characters."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

_PROVINCES = "京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新"

RECOGNIZER = Recognizer(
    "cn_license_plate",
    "LICENSE_PLATE",
    (
        shape(
            f"({'|'.join(_PROVINCES)})[A-HJ-NP-Za-hj-np-z]",
            rf"[{_PROVINCES}][A-HJ-NP-Za-hj-np-z][·•. \-]?"
            r"(?=[A-HJ-NP-Za-hj-np-z0-9]{0,5}\d)[A-HJ-NP-Za-hj-np-z0-9]{4,5}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳领]"
            r"(?![0-9A-Za-z])",
            score=0.95,
        ),
        shape("使[0-9]{6}", r"使\d{6}(?!\d)", cue="(?:车|牌照)", score=0.8),
    ),
)
