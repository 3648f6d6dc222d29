"""PURE: the trip output for a welded contactor: a few short pulses, then no more."""

from __future__ import annotations

from hal.core.steady import passed

PULSE_S = 1.0  # a shunt trip acts within 0.1 s and burns when it is held (field practice)
PAUSE_S = 2.0  # its coil cools
TRIES = 3  # a device that three pulses do not trip is broken, or not wired


class Trip:
    """Makes one series of pulses for one weld. The mirror contact does not show whether the device tripped,
    so no pulse but the last ends the series."""

    def __init__(self) -> None:
        self.pulses = 0  # of this weld
        self._began_s = 0.0

    def step(self, *, live: bool, welded: bool, now_s: float) -> bool:
        """Returns the output until the next tick. `live`: the weld reads closed, or current flows;
        `welded`: the fault stands, whether live or not. A weld that a person cleared gives a new series."""
        if not welded:
            self.pulses = 0
            return False
        if self.pulses and not passed(self._began_s, PULSE_S, now_s):
            return live
        rested = not self.pulses or passed(self._began_s, PULSE_S + PAUSE_S, now_s)
        if not live or not rested or self.pulses == TRIES:
            return False
        self.pulses, self._began_s = self.pulses + 1, now_s
        return True
