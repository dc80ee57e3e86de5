"""The read side: search, single records, proofs, tiles. Opens the store read-only."""
