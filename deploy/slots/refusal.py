"""Why an update does not begin, in words for the owner and the log."""

from __future__ import annotations


class RefusedError(Exception):
    """Nothing was changed: the version that runs stays. The text says what to do."""
