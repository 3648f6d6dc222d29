"""PURE: the contactor: what it was commanded and did, and the trip of one that is welded."""
