"""The lamp: its lines and its patterns."""
