"""The decision point: rules as data, decided by a Rego engine, merged by a fixed lattice. Start reading at `engine.py`."""
