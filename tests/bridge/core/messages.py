"""Messages of `hal` as the core hears them, well and at rest unless told otherwise."""

from __future__ import annotations

from typing import Any

from hal.contract import Box, Counters, Fault, Reading, Status


def status(at_s: float, **more: Any) -> Status:
    """An empty socket, all well."""
    fields: dict[str, Any] = {
        "version": 1,
        "start_id": "start-1",
        "seq": int(at_s * 100),
        "at_s": at_s,
        "mock": True,
        "real_time": "simulated",
        "vehicle": "A",
        "pilot_offer": "x1",
        "cable_present": False,
        "cable_rating_a": None,
        "lock": "unlocked",
        "contactor_commanded": False,
        "contactor_closed": False,
        "contactor_changed_at_s": 0.0,
        "limits_a": {"wish": 0.0},
        "limited_by": "wish",
        "withheld_by": (),
        "faults": (),
        "lamp": "",
        "counters": Counters(),
        "wish_seq": 0,
    }
    return Status(**{**fields, **more})


WAITING = {"vehicle": "B", "cable_present": True, "cable_rating_a": 32.0, "lock": "locked"}
CHARGING = {
    **WAITING, "vehicle": "C", "pilot_offer": 16.0, "contactor_commanded": True, "contactor_closed": True,
    "limits_a": {"wish": 16.0},
}  # fmt: skip


def fault(name: str, since_s: float = 0.0, *, opens: bool = True) -> Fault:
    return Fault(name, 1, since_s, "itself", opens)


def reading(at_s: float, energy_wh: int = 1000) -> Reading:
    return Reading(
        at_s=at_s,
        energy_wh=energy_wh,
        power_w=0.0,
        current_a=(0.0, 0.0, 0.0),
        voltage_v=(230.0, 230.0, 230.0),
    )


BOX = Box(
    version=1,
    phases=3,
    nominal_voltage_v=230.0,
    socket=True,
    installation_max_a=20.0,
    mock=True,
    software="0",
)
