"""The web pages for people: rendered here, no scripts from elsewhere, usable without scripts. First page: verification."""
