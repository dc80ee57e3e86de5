"""What a company's own marking of a text means. The recogniser that finds it is `recognizers.global_company_marking`."""

from __future__ import annotations

import re

NAME = "company_marking"
"""Of the recogniser."""

INTERNAL = re.compile(r"(?i)internal|intern\b|interne|interno|内部|社内|general|^[0-9a-f]{8}-[0-9a-f]{4}-")
"""Which values say no more than that something is internal: the number of a label does not say what it is."""
