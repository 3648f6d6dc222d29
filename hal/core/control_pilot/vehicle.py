"""PURE: the vehicle state behind the readings of the pilot, and when C2 is sure enough to close."""

from __future__ import annotations

from collections import deque
from statistics import median

from hal.contract import Vehicle
from hal.core.control_pilot.levels import C_BEGINS_FROM_V, C_BEGINS_TO_V, band
from hal.core.steady import passed
from hal.core.tally import TWO, Tally

# No car in D reads more and none in B less: source 12 V +- 5 %, resistors 3 %, and 0.1 V of error.
SURELY_C_FROM_V, SURELY_C_TO_V = 3.4, 8.2
UNSURE_S = 0.05  # six readings: three whole periods of 50 Hz; a sixth of 60 Hz is left
C2_STABLE_S = 0.5  # closing wants more certainty than opening; inside the 3 s of IEC 61851-1 Table A.6 seq. 4
_MEDIAN_OF = 4


class VehicleFilter:
    """Two readings alike change the state; C ends by two that are surely none, or by the median of four.

    Two far outside may lie apart (`Tally`). The median takes out 50 Hz, which a tick of 10 ms meets twice in
    a period, and one wrong reading. The first reading after a start, or after `forget`, is believed at once.
    Never "F": that is ours, the car cannot be seen in it.
    """

    def __init__(self) -> None:
        self.state: Vehicle = "A"
        self._before: Vehicle | None = None  # None: the next one is believed
        self._in_c: deque[float] = deque(maxlen=_MEDIAN_OF)  # since C began
        self._outside = Tally(TWO)
        self._unsure: list[tuple[float, float]] = []  # time and volts, since two were alike

    @property
    def seen(self) -> bool:
        """Says whether a reading stands, since the start or the last `forget`."""
        return self._before is not None

    def forget(self) -> None:
        """Starts again after the pilot was off: earlier readings do not count any more."""
        self._before = None
        self._in_c.clear()
        self._unsure.clear()

    def feed(self, high_v: float, now_s: float, *, late: bool = False) -> None:
        """Judges a reading, in volts at the pilot. A late one alone ends C, and changes nothing else."""
        seen = band(high_v, in_c=self.state == "C")
        if late:
            self._change(seen if self.state == "C" else self.state)
        elif self.state == "C":
            self._in_c.append(high_v)
            self._change(self._left_c_to(high_v, seen))
            self._before = seen
        else:
            self._change(self._agreed(high_v, seen, now_s))
            self._before = seen

    def _left_c_to(self, high_v: float, seen: Vehicle) -> Vehicle:
        if self._outside.feed(not SURELY_C_FROM_V < high_v < SURELY_C_TO_V):
            return seen
        if len(self._in_c) < _MEDIAN_OF:
            return "C"
        return band(median(self._in_c), in_c=True)

    def _agreed(self, high_v: float, seen: Vehicle, now_s: float) -> Vehicle:
        """Decides by the mean over whole periods of the mains where no two running readings are alike."""
        if self._before is None or seen == self._before:
            self._unsure.clear()
            return seen
        self._unsure.append((now_s, high_v))
        if not passed(self._unsure[0][0], UNSURE_S, now_s):
            return self.state
        mean_v = sum(volts for _, volts in self._unsure) / len(self._unsure)
        self._unsure.clear()
        return band(mean_v, in_c=False)

    def _change(self, state: Vehicle) -> None:
        if state == "C" != self.state:
            self._in_c.clear()
            self._outside.forget()
        self.state = state


class SteadyC2:
    """C2 for half a second: by all readings' mean, and by the newest one itself."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, float]] = deque()

    def forget(self) -> None:
        """Starts again after the contactor has opened: earlier readings do not count for the next closing."""
        self._readings.clear()

    def feed(self, in_c2: bool, high_v: float, now_s: float) -> bool:
        """Judges a reading. `in_c2`: state C under PWM, seen in time; anything else begins anew."""
        if not in_c2:
            self.forget()
            return False
        self._readings.append((now_s, high_v))
        while len(self._readings) > 1 and passed(self._readings[1][0], C2_STABLE_S, now_s):
            self._readings.popleft()
        mean_v = sum(volts for _, volts in self._readings) / len(self._readings)
        return passed(self._readings[0][0], C2_STABLE_S, now_s) and _begins_c(mean_v) and _begins_c(high_v)


def _begins_c(volts: float) -> bool:
    return C_BEGINS_FROM_V <= volts <= C_BEGINS_TO_V
