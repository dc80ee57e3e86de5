"""From what is known of a call to a decision: facts, counters, the decision point."""
