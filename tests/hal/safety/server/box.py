"""The box that the servers of these tests announce, and the time of their first tick."""

from __future__ import annotations

from hal.contract import Box

BOX = Box(
    version=1,
    phases=3,
    nominal_voltage_v=230.0,
    socket=True,
    installation_max_a=16.0,
    mock=True,
    software="0",
)
NOW_S = 1000.0
