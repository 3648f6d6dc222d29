"""PURE: how long a claim has held."""

from __future__ import annotations

ROUNDING_S = 1e-9  # sums of ticks in floating point


class Steady:
    """True once a claim has held for a time without a gap."""

    def __init__(self, for_s: float) -> None:
        self._for_s = for_s
        self._since_s: float | None = None

    def feed(self, holds: bool, now_s: float) -> bool:
        """Says whether the claim has held for long enough at this tick."""
        if not holds:
            self._since_s = None
            return False
        if self._since_s is None:
            self._since_s = now_s
        return now_s - self._since_s >= self._for_s - ROUNDING_S


def passed(since_s: float, for_s: float, now_s: float) -> bool:
    """Says whether at least `for_s` have gone by."""
    return now_s - since_s >= for_s - ROUNDING_S
