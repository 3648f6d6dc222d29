"""The wallbox: reflexes (`hal.safety`), senses (`hal.instruments`) and the simulated box (`hal.mock`)."""
