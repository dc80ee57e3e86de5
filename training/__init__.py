"""Training of the names tagger. Not part of the product; see README.md."""
