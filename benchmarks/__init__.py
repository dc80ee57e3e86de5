"""Speed as ratios: what Lexgate costs beside bare proxies, measured in one interleaved run. Start at `run.py`."""
