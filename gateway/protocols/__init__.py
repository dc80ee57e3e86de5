"""One wire format a file: each decodes requests into parts, reads answers and usage, and says errors in its own form."""
