"""PURE: the self tests of pilot, residual current monitor and watchdog line."""
