"""PURE: the faults: what each does, and which are present."""
