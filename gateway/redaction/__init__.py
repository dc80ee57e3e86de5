"""What leaves and what comes back: placeholders spliced into requests, restored and guarded in answers. No I/O."""
