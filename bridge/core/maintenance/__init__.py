"""PURE: what is done to the box beside charging: diagnostics, firmware, restarts."""
