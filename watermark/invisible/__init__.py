"""Invisible marks: 64 bits under a key, in the pixels and samples themselves."""
