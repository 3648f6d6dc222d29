"""PURE: the contactor: what it was told and did, and the trip of one that is welded."""
