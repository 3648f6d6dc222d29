"""PURE: the session of the one connector: how it begins, runs and ends."""
