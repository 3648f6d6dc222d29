"""PURE: the State as metrics for Prometheus."""
