"""Explicit labels: notices that people see or hear, one module per kind of file."""
