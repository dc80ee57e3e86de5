"""The steps of a call's journey, one file each. Only `gateway/pipeline.py` knows their order."""
