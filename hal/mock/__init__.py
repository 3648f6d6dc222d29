"""The simulated box and car."""
