"""Media fingerprints: what a picture or a sound is known by after it was changed. No mark in the file; kept under a tenant's key."""
