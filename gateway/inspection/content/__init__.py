"""What a text is about: classes of content, by words that occur together. They raise grades; they are no findings to redact."""
