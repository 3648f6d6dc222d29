"""PURE: hum on the pilot: its volts, its hertz, how often it opened the contactor."""

from __future__ import annotations

from cmath import exp as cexp
from collections import deque
from itertools import pairwise
from math import pi
from statistics import median

from hal.core.control_pilot.vehicle import SURELY_C_TO_V
from hal.core.tally import BadTime

# Half of what is usual between two readings. The hold shows half of what is on the pilot: this is 2.5 V
# there, from which on hum opens a charging car; 2 V open none.
NOISY_V = 0.9
STILL_V = 0.4  # likewise, once it has opened: more than any noise of the circuit
OPENINGS = 2  # in one visit: then it stays open
LASTS_S = 10.0  # in x2, after one opening: then it stays open, too
_READINGS = 16  # 160 ms, inside the time in which x2 stands after an opening
MAINS_HZ = (50.0, 60.0)


class Hum:
    """Measures hum from the readings in x2 while the contactor is open: a car that has left C gives steady
    readings, hum does not."""

    def __init__(self) -> None:
        self.words = ""  # of what was noisy last
        self._readings: deque[tuple[float, float]] = deque(maxlen=_READINGS)
        self._opened_s: float | None = None  # what opened it is not known yet
        self._openings = 0
        self._lasting = BadTime(LASTS_S)

    def forget(self) -> None:
        """Starts again for another car."""
        self._openings, self._opened_s = 0, None

    def opened(self, now_s: float) -> None:
        """Notes that the pilot has opened the contactor."""
        self._opened_s = now_s

    def feed(self, high_v: float, now_s: float, *, listens: bool) -> bool:
        """Judges a reading, in volts at the pilot. True: it opened too often, or keeps the contactor open.

        `listens`: x2, and the contactor is open.
        """
        if not listens:
            self._readings.clear()
            return self._lasting.feed(False, now_s) or self._openings >= OPENINGS
        self._readings.append((now_s, high_v))
        if self._opened_s is not None and len(self._readings) == _READINGS:
            self._openings += self._shows_c() and self._is_noisy(NOISY_V)
            self._opened_s = None
        lasts = self._lasting.feed(self._openings > 0 and self._is_noisy(STILL_V), now_s)
        return lasts or self._openings >= OPENINGS

    def _shows_c(self) -> bool:
        """Says whether the car is still in C, by the mean over whole periods. In B it has left by itself:
        there 1.2 V of hum, which a charging car must bear, may show 1 V, for the hold follows faster."""
        mean_v = sum(volts for _, volts in self._readings) / len(self._readings)
        return mean_v < SURELY_C_TO_V

    def _is_noisy(self, least_v: float) -> bool:
        volts = [high_v for _, high_v in self._readings]
        steps = [abs(after - before) / 2 for before, after in pairwise(volts)]
        if len(volts) < _READINGS or median(steps) < least_v:
            return False
        amplitude_v = (max(volts) - min(volts)) / 2
        self.words = (
            f"pilot noise: {amplitude_v:.1f} V, near {self._hertz():g} Hz: lay the pilot's wire away from "
            "the mains, check its earth and the cable"
        )
        return True

    def _hertz(self) -> float:
        """Says which mains it fits best. A tick of 10 ms sees no more of it."""
        mean_v = sum(volts for _, volts in self._readings) / len(self._readings)

        def strength(hertz: float) -> float:
            turned = ((volts - mean_v) * cexp(-2j * pi * hertz * at_s) for at_s, volts in self._readings)
            return abs(sum(turned)) / (2 if hertz == MAINS_HZ[0] else 1)  # 50 Hz is met at its two ends only

        return max(MAINS_HZ, key=strength)
