"""Which flows a call comes from, by what it carries."""
