"""The lines of the box and their drivers: pilot, contactor, lock, proximity and residual current."""
