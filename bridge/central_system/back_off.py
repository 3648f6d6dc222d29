"""PURE: how long to wait before connecting again."""

from __future__ import annotations

STABLE_S = 60.0  # a connection that lived so long starts the back-off anew
# Home Assistant closes some with 1000 or 1001 right after the handshake and takes the next one; who closes
# every one is not called each second until it is mended.
SHORT_S, MOST_SHORT = 5.0, 5


class Attempts:
    """Counts the attempts to connect since the last connection that was of use."""

    def __init__(self) -> None:
        self._failed = 0
        self._short = 0  # connections in a row that ended normally, but at once

    def ended(self, lived_s: float, *, normally: bool) -> None:
        """Notes the end of a connection."""
        self._short = self._short + 1 if normally and lived_s < SHORT_S else 0
        if lived_s >= STABLE_S or (normally and self._short <= MOST_SHORT):
            self._failed = 0

    def next(self) -> int:
        """Returns the number of the wait that follows, for `back_off_s`: 1 and more."""
        self._failed += 1
        return self._failed


def back_off_s(attempt: int, random01: float, first_s: float, max_s: float) -> float:
    """Returns how long to wait before the next attempt, after `attempt` failed ones (1 and more).

    Spread evenly from half of `first_s` to a ceiling that doubles each time, up to `max_s`, so that charge
    points that lost their Central System in the same second come back in many different ones.
    """
    ceiling_s = min(max_s, first_s * 2.0 ** min(attempt, 30))
    shortest_s = min(first_s / 2, ceiling_s)
    return min(ceiling_s, shortest_s + random01 * (ceiling_s - shortest_s))
