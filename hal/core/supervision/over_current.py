"""PURE: more current than the pilot allows."""

from __future__ import annotations

from collections import deque

from hal.contract import FRESH_S
from hal.core.control_pilot.offer import INCREASE_AFTER_S, Offer, offered_a
from hal.core.signals import Sense
from hal.core.tally import BadTime

OVER_SHARE, OVER_A, OVER_S = 1.1, 0.5, 7.0  # field practice: +10 % and +0.5 A for 7 s


class OverCurrent:
    """Judges the meter's current, by the times of the readings. A car has 5 s to follow a reduction."""

    def __init__(self) -> None:
        self._over = BadTime(OVER_S)
        self._past: deque[tuple[float, float]] = deque()  # (until when it still counts, amps)
        self._offered_a = 0.0

    def feed(self, sense: Sense, offer: Offer, now_s: float) -> bool:
        """Is True once it has been so for OVER_S; a reading older than FRESH_S is none."""
        allowed_a = self._allowed_a(offered_a(offer.shown), now_s)
        if sense.current_a is None or sense.reading_at_s is None or now_s - sense.reading_at_s > FRESH_S:
            self._over.look_away()
            return False
        limit_a = allowed_a * OVER_SHARE + OVER_A
        return self._over.feed(max(sense.current_a) > limit_a, sense.reading_at_s)

    def _allowed_a(self, offered: float, now_s: float) -> float:
        """Returns the highest offer of the last 5 s."""
        if offered != self._offered_a:
            self._past.append((now_s + INCREASE_AFTER_S, self._offered_a))
            self._offered_a = offered
        while self._past and now_s >= self._past[0][0]:
            self._past.popleft()
        return max([offered, *(amps for _, amps in self._past)])
