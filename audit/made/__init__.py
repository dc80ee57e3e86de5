"""What was made, found again by its content: an index beside the store, filled from the log, keyed and erasable."""
