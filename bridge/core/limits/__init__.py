"""PURE: how many amps: charging profiles, and what holds while the Central System is away."""
