"""How calls arrive: the reverse proxy (ASGI), its connections and their limits."""
