"""PURE: what the box reports to the Central System: status, faults, meter values, observations."""
