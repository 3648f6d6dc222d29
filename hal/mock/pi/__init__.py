"""The simulated Raspberry Pi: what the real drivers find in place of its kernel."""
