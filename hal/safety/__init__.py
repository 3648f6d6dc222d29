"""The safety process of the wallbox: pilot, contactor and cable lock; one thread, one tick at a time."""
