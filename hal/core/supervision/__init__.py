"""PURE: supervision: what is wrong with the box, judged at each tick."""
