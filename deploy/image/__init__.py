"""Builds the SD image: one job for each file, `__main__.py` puts them together."""
