"""What a purpose may look like: a name from a vocabulary, not a text, because it stands in records in the clear."""

from __future__ import annotations

import re

PURPOSE = re.compile(r"[a-z]{1,24}(_[a-z]{1,24}){0,5}")
GROUND = "_necessary"
"""Purposes that end so are legal grounds, which lift limits: a caller cannot claim one that its application lacks."""
