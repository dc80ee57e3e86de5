"""When a provider's own figures cannot be right: the rule that raises an alarm, and never does for an honest call.

Only what a gateway can prove is compared: visible tokens. Reasoning that a provider reports and never shows is left out,
and so is the input of calls with tools, schemas or files, which no count of texts sees. The bounds per method:

| method   | flagged when the deviation from our count is at least                                   |
|----------|------------------------------------------------------------------------------------------|
| exact    | 20 tokens and 5 %                                                                        |
| template | the same                                                                                 |
| estimate | 100 tokens and a factor of 3 (another tokenizer alone accounts for 2.2)                  |
| none     | never                                                                                    |
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.flow import Usage
from gateway.metering.recount import Counted, Method

_FLOOR, _PERCENT = 20, 5
_ESTIMATE_FLOOR, _ESTIMATE_FACTOR = 100, 3


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """How far a provider's figures lie from ours, in tokens (reported minus counted), and whether that is an alarm."""

    flagged: bool
    input: int = 0
    output: int = 0


def compare(reported: Usage | None, counted: Counted) -> Discrepancy:
    """Compare both sides; a side of which our count leaves parts out is measured but raises no alarm."""
    if reported is None:
        return Discrepancy(flagged=False)
    got = reported.input - counted.input
    made = reported.output - reported.reasoning - counted.output
    flagged = not counted.partial_output and _off(made, counted.output, counted.output_method)
    flagged = flagged or (not counted.partial_input and _off(got, counted.input, counted.input_method))
    return Discrepancy(flagged, got, made)


def _off(difference: int, counted: int, method: Method) -> bool:
    size = abs(difference)
    if method is Method.NONE:
        return False
    if method is Method.ESTIMATE:
        reported = counted + difference
        larger, smaller = max(reported, counted), max(0, min(reported, counted))
        return size >= _ESTIMATE_FLOOR and larger >= _ESTIMATE_FACTOR * smaller
    return size >= _FLOOR and size * 100 >= _PERCENT * counted
