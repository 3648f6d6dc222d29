"""What the programs of a healthy, idle box say; each test changes what it is about."""

from __future__ import annotations

from typing import Any

import msgspec

from hal.contract import VERSION, Answer, Box, Counters, Fault, InstrumentBox, Reading, Status

IDLE = ("car_in_c2", "diode_seen", "lock_confirmed", "rating_latched", "wish")
BOX = Box(
    version=VERSION, phases=3, nominal_voltage_v=230.0, socket=True, installation_max_a=16.0, mock=False,
    software="0.1.0", serial="0123",
)  # fmt: skip
INSTRUMENTS = InstrumentBox(
    meter="eastron_sdm630", meter_health="ok", meter_serial="1", reader="rdm6300", reader_health="ok",
    thermometer_health="ok", lamp_health="ok",
)  # fmt: skip
_STATUS = Status(
    version=VERSION, start_id="abcd", seq=1, at_s=100.0, mock=False, real_time="fifo, memory locked",
    vehicle="A", pilot_offer="x1", cable_present=False, cable_rating_a=None, lock="unlocked",
    contactor_commanded=False, contactor_closed=False, contactor_changed_at_s=0.0, limits_a={"wish": 0.0},
    limited_by="wish", withheld_by=IDLE, faults=(), lamp="ready", counters=Counters(), wish_seq=5,
)  # fmt: skip


def status(**changed: Any) -> Status:
    """Of an idle socket box."""
    return msgspec.structs.replace(_STATUS, **changed)


def fault(name: str, *, opens: bool = True) -> Fault:
    """One that stands."""
    return Fault(name, 1, 90.0, "unplug", opens)


def reading(at_s: float = 100.0, **changed: Any) -> Reading:
    """Of a meter behind an open contactor."""
    idle = Reading(
        at_s=at_s, energy_wh=1000, power_w=0.0, current_a=(0.0, 0.0, 0.0), voltage_v=(230.0, 231.0, 229.0)
    )
    return msgspec.structs.replace(idle, **changed)


def answer(text: str, *, ok: bool = True, **measured: float) -> Answer:
    """To a request."""
    return Answer(id="1", ok=ok, text=text, measured=measured)
