"""PURE: what keeps the box safe. No clock, no sleep, no I/O; time is an argument."""
