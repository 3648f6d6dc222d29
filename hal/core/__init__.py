"""PURE: the safety rules of the box. No clock, no sleep, no I/O; time is an argument."""
