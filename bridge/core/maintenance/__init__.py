"""PURE: maintenance of the box: diagnostics, firmware, restarts."""
