"""Permits to travel between the Chinese mainland, Hong Kong, Macau and Taiwan: by their form beside a cue."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

_CUE = r"(?:港澳|台湾|臺灣|台胞|回乡|回鄉|返鄉|通行证|通行證|居民来往|往来|居住证|permit)"


RECOGNIZER = Recognizer(
    "cn_permit",
    "PASSPORT",
    (
        shape(
            r"\b[HMChmcWTwt][A-Za-z0-9]?[0-9]{7,10}\b",
            r"(?<![0-9A-Za-z])(?:[HMhm]\d{8}(?:\d{2})?|[CWTcwt](?:\d{8}|[A-Za-z]\d{7}))(?![0-9A-Za-z])",
            cue=_CUE,
            cue_after=_CUE,
            score=0.9,
        ),
        shape(
            r"\b[0-9]{8}\b",
            r"(?<![0-9A-Za-z.\-])\d{8}(?![0-9A-Za-z]|[.\-][0-9])",
            cue="(?:台胞证|台胞證|来往大陆)",
            score=0.85,
        ),
    ),
)
