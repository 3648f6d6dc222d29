"""PURE: what a charge point decides. No clock, no sleep, no I/O; time is an argument."""
