"""PURE: who may charge, as far as it is known here: local list, cache, reservation."""
