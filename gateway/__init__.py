"""The enforcement point: the only package on the wire. Start reading at `pipeline.py`."""
