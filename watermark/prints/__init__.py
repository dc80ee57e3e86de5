"""Media fingerprints: what a picture or a sound is known by after it was changed. No key, no mark in the file."""
