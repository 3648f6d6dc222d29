"""The absence of the Central System, and the lower limit that the owner set for it."""

from __future__ import annotations

from bridge.core.limits.cap import Cap
from bridge.core.setup import LostLimit

NAME = "fallback.central_system_lost_limit_a"


class Absence:
    """Measures how long there has been no registered link."""

    def __init__(self, limit: LostLimit | None, now_s: float) -> None:
        """Begins with a Central System that is away; `limit` None: the absence changes nothing."""
        self._limit = limit
        self._since_s: float | None = now_s  # None: it is there

    def observe(self, *, online: bool, now_s: float) -> None:
        """Notes at every step whether the Central System is there."""
        if online:
            self._since_s = None
        elif self._since_s is None:
            self._since_s = now_s

    def cap(self, now_s: float) -> Cap | None:
        """Returns the limit while the Central System is away for too long; None: no cap."""
        if self._limit is None or self._since_s is None or now_s - self._since_s < self._limit.after_s:
            return None
        return Cap(NAME, self._limit.limit_a)
