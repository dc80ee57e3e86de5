"""Whether a caller may come in at all now: limits, and what is noted of strangers."""
