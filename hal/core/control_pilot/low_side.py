"""PURE: the negative half-wave of x2: the car's diode, and the box's own -12 V."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from statistics import median

from hal.core.control_pilot.levels import LOW_FROM_V, LOW_TO_V
from hal.core.tally import TWO, BadTime, Tally

PILOT_FAULT_S = 0.1  # longer than any passing of the peak-hold through a band
NO_MINUS_V = -1.5  # in x2: not even a car without a diode (-2.4 V in D) leaves so little
# No car without a diode reads less than the one, no source more than the other, by 0.1 V and 1.2 V of hum.
SURELY_NONE_FROM_V, SURELY_LOW_V = -9.6, -14.4
MEDIAN_OF = 4  # takes out 50 Hz, and one wrong reading


class LowSide:
    """Watches the low side. `seen` and `lost` are those of this plug-in; the faults come later, so that the
    right one is named."""

    def __init__(self) -> None:
        self.seen = False  # as only a diode leaves it; forgotten in A and in the dark
        self._wrong = Tally(TWO)
        self._recent: deque[float] = deque(maxlen=MEDIAN_OF)
        self._sags = BadTime(PILOT_FAULT_S)
        self._no_minus = BadTime(PILOT_FAULT_S)
        self._causes: tuple[str, ...] = ()

    @property
    def lost(self) -> bool:
        """Says whether it is no longer as a diode leaves it: open at once."""
        return self._wrong.bad

    def forget(self) -> None:
        """Starts again, because another car may be there."""
        self.seen = False
        self._wrong.forget()
        self._recent.clear()

    def feed(self, low_v: float, now_s: float, *, late: bool = False) -> None:
        """Judges one reading in x2 with a car, in volts at the pilot."""
        self._wrong.feed(not SURELY_LOW_V < low_v < SURELY_NONE_FROM_V, late=late)
        if late:
            return
        self._recent.append(low_v)
        self.seen = self.seen or LOW_FROM_V <= low_v <= LOW_TO_V
        middle_v = median(self._recent)
        none = self._no_minus.feed(middle_v > NO_MINUS_V, now_s)
        sags = self._sags.feed(LOW_TO_V < middle_v <= NO_MINUS_V, now_s)
        self._causes = ("pilot_circuit",) * none + ("diode_missing",) * sags

    def look_away(self, now_s: float) -> None:
        """Judges nothing at this tick; called in place of `feed`."""
        self._sags.feed(False, now_s)
        self._no_minus.feed(False, now_s)
        self._causes = ()

    def causes(self) -> Iterator[str]:
        """Yields the causes that stand at this tick."""
        yield from self._causes
