"""PURE: how the 100 ms are shared within which a contactor must open (IEC 61851-1 Table A.6 sequence 8.1)."""

from __future__ import annotations

FILTER_S = (
    0.005  # a rise through hold and low-pass of the pilot: 1.5 ms to each edge, and the proximity pilot's RC
)
TICK_S = 0.010  # between two samples, wherever the pilot carries PWM
SAMPLING_S = 0.025  # two samples, the first up to a tick after the edge, and their own conversion
LATE_S = 0.015  # the share of lateness; a later tick is counted, and judges by its own sample alone
CONTACTOR_S = 0.040  # driver and contactor, from the line's fall to open contacts
RESERVE_S = 0.015
OPENS_WITHIN_S = 0.100
