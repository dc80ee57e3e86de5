"""Recognisers, one file each; `gateway.inspection.shipped` lists them. Data workers need a few, and load no more."""
