"""The tamper-evident log: what happened to every call, provable to somebody who trusts nobody here.

Start with `record.py` (what a leaf is), then `sequencer.py` (how leaves become a log) and `verify.py` (how an auditor
checks it). The byte format is written down in `docs/adr/0002-record-format.md`.
"""
