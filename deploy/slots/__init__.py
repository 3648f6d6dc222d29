"""Root's program for updates: whole versions side by side, one switch, a trial, a proof, a way back.

It runs from the package's own environment, never from a slot: a bad new version cannot break the way back.
"""
