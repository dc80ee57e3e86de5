"""Providers: which one serves a call, and the connections to them."""
