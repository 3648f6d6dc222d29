"""PURE: volts and duty of the control pilot, IEC 61851-1 Annex A."""

from __future__ import annotations

from typing import TypeGuard

from hal.contract import Vehicle
from hal.core.signals import PilotOffer

LEAST_A = 6.0  # IEC 61851-1 Annex A: there is no offer between 0 and 6 A
MOST_A = 80.0
PERIOD_S = 0.001  # 1 kHz
LOW_FROM_V, LOW_TO_V = -13.5, -10.5  # -12 V +- 1.5 V: the negative half-wave of x2 and a diode
TOO_HIGH_V = (
    13.5  # a source of 12.6 V, read through dividers and reference of 3 %: a healthy A reads up to 13.2 V
)

# Computed with the tolerances of source, resistors, divider, reference and time constant (docs/wiring.md).
A_ABOVE_V = 10.5
C_ENDS_ABOVE_V, C_ENDS_AT_V = 7.4, 4.6
C_BEGINS_FROM_V, C_BEGINS_TO_V = 4.75, 7.25
E_AT_V = 1.5
_MICRO = 1_000_000  # a 1 kHz period in ns: the finest duty the PWM can make
_DUTY_51_A = 0.85  # 51 to 52.5 A has no duty of its own


def band(high_v: float, *, in_c: bool) -> Vehicle:
    """Returns the vehicle state of these volts. `in_c`: it is C now, and ends farther out than it begins."""
    if high_v > A_ABOVE_V:
        return "A"
    if high_v > (C_ENDS_ABOVE_V if in_c else C_BEGINS_TO_V):
        return "B"
    if high_v > C_ENDS_AT_V if in_c else high_v >= C_BEGINS_FROM_V:
        return "C"
    return "D" if high_v > E_AT_V else "E"


def high_side_v(read_v: float, shown: PilotOffer, hold_s: float) -> float:
    """Returns the positive half-wave behind its peak-hold's reading; `hold_s`: time constant of the hold.

    Between two pulses the hold droops; the low-pass behind it shows the mean of that, whatever the instant.
    """
    return read_v / (1 - _mean_droop(1 - duty(shown), hold_s)) if is_pwm(shown) else read_v


def low_side_v(read_v: float, shown: PilotOffer, hold_s: float) -> float:
    """Returns the negative half-wave behind the reading of its peak-hold."""
    return read_v / (1 - _mean_droop(duty(shown), hold_s)) if is_pwm(shown) else read_v


def _mean_droop(gap: float, hold_s: float) -> float:
    """Returns the share lost on average where a hold is left alone for `gap` of each period."""
    return gap * gap * PERIOD_S / (2 * hold_s)


def duty(amps: float) -> float:
    """Returns the PWM fraction for an offer, in whole millionths; the car never reads more than `amps`.

    6 to 51 A: A / 0.6 %; to 52.5 A: as 51 A; to 80 A: A / 2.5 + 64 % (IEC 61851-1 Table A.7).
    Raises ValueError outside 6 to 80 A: 5 % and 0 % mean something else.
    """
    if not LEAST_A <= amps <= MOST_A:
        raise ValueError(f"an offer of {amps} A has no duty: must be {LEAST_A:g} to {MOST_A:g} A, or x1")
    fraction = amps / 60 if amps <= 51 else max(_DUTY_51_A, amps / 250 + 0.64)
    steps = int(fraction * _MICRO + 1e-6)
    return (steps if amps_of_duty(steps / _MICRO) <= amps else steps - 1) / _MICRO


def amps_of_duty(fraction: float) -> float:
    """Returns what a car may draw at this duty, 0.0: nothing (IEC 61851-1 Table A.8, the EV's view)."""
    if fraction < 0.08 or fraction > 0.97:
        return 0.0
    if fraction < 0.10:
        return LEAST_A
    if fraction <= _DUTY_51_A:
        return fraction * 60
    return min((fraction - 0.64) * 250, MOST_A)


def is_pwm(shown: float | str) -> TypeGuard[float]:
    """Says whether amps are offered: x2."""
    return not isinstance(shown, str)
