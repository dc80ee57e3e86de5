"""Is this ours, and from which call? Marks of content made elsewhere, and what the record says of content that comes back."""
