"""PURE: the control pilot as copper: +-12 V behind 1 kohm, the car's resistors, two peak-hold channels."""

from __future__ import annotations

from collections.abc import Set
from math import exp

SOURCE_V = 12.0
SOURCE_OHM = 1000.0
DIODE_V = 0.7
FOREIGN_V = 15.0  # of a fault
DECAY_S = 0.015  # peak-hold circuits of the field decay with 5 to 20 ms
PERIOD_S = 0.001  # 1 kHz

B_OHM = 2740.0  # IEC 61851-1 Table A.3: R2 alone
C_OHM = 882.0  # with S2: R2 beside 1.3 kohm
D_OHM = 246.0  # with S2 and ventilation: R2 beside 270 ohm


def positive_v(load_ohm: float | None) -> float:
    """At the box, during the positive half-wave; None is a pilot with nothing on it."""
    if load_ohm is None:
        return SOURCE_V
    return (SOURCE_V - DIODE_V) * load_ohm / (load_ohm + SOURCE_OHM) + DIODE_V


def negative_v(load_ohm: float | None, *, diode: bool) -> float:
    """At the box, during the negative half-wave: the diode keeps the car's resistors out of it."""
    if load_ohm is None or diode:
        return -SOURCE_V
    return -SOURCE_V * load_ohm / (load_ohm + SOURCE_OHM)


class PeakHold:
    """One channel: follows a peak at once, forgets it towards 0 V. Shows the droop at the end of each gap."""

    def __init__(self, volts: float) -> None:
        self.volts = volts

    def step(self, peak_v: float, share: float, dt_s: float) -> None:
        """`share` is the part of each period in which the peak is there, 0 to 1."""
        held_v = self.volts * exp(-dt_s / DECAY_S)
        if share > 0:
            renewed_v = peak_v * exp(-(1 - share) * PERIOD_S / DECAY_S)
            held_v = max(held_v, renewed_v) if peak_v >= 0 else min(held_v, renewed_v)
        self.volts = held_v


class Pilot:
    """What the two channels show. `faults` are the plant's: those of the pilot and the diode."""

    def __init__(self, faults: Set[str]) -> None:
        self.shown_v = (SOURCE_V, 0.0)  # high, low
        self._faults = faults
        self._high = PeakHold(SOURCE_V)
        self._low = PeakHold(0.0)

    def step(self, duty: float, load_ohm: float | None, *, connected: bool, dt_s: float) -> None:
        """`load_ohm` is the car's, None without one; `connected`: the relay of the box is closed."""
        faults = self._faults
        seen_ohm = load_ohm if connected and "cp_open" not in faults else None
        high_v, low_v = positive_v(seen_ohm), negative_v(seen_ohm, diode="diode" not in faults)
        if "minus_lost" in faults:
            low_v = 0.0
        if "cp_short" in faults and connected:
            high_v = low_v = 0.0
        elif "cp_high" in faults and connected:
            high_v, low_v, duty = FOREIGN_V, 0.0, 1.0
        self._high.step(high_v, duty, dt_s)
        self._low.step(low_v, 1 - duty, dt_s)
        if "adc_stuck" not in faults:
            self.shown_v = self._high.volts, self._low.volts


def arrives(duty: float, faults: Set[str], *, connected: bool) -> float:
    """The duty at the car's end; 0 = nothing."""
    return duty if connected and not faults & {"cp_short", "cp_open", "cp_high"} else 0.0
