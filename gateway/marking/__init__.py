"""Marking in the gateway: what an answer's outputs must carry, who puts it on, and where marked files wait."""
