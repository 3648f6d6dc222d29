"""Deaths of `hal.safety` in mid-charge: what opens the contactor then, and how fast."""
