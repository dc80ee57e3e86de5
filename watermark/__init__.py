"""Labels and fingerprints of synthetic content, and their verification. Imports nothing of the other packages."""
