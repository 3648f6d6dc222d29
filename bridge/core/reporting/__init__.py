"""PURE: what the Central System is sent of the box: status, faults, meter values, observations."""
