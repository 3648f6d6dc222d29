"""The simulated meter and card reader, each at the far end of a serial wire."""
