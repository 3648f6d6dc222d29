"""The wallbox's reflexes: pilot, contactor and cable lock, one process, one thread, one tick at a time."""
