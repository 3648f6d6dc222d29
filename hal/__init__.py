"""The wallbox: safety (`hal.safety`), measuring (`hal.instruments`) and the simulated box (`hal.mock`)."""
