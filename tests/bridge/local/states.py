"""States as the owner sees them, made from a charge point of its own or by hand."""

from __future__ import annotations

from typing import Any

import msgspec

from bridge.local.state.state import Connector, Limit, Link, Meter, Service, Session, State, Wallbox

AT = "2026-05-01T18:00:00Z"
INSTALLATION = Limit(name="installation", limit_a=16.0)
WELL = State(
    at=AT,
    version="0.1.0.0",
    mock=False,
    charges=False,
    connector=Connector(step="Idle", status="Available"),
    session=None,
    limits=(INSTALLATION,),
    box=Wallbox(alive=True, silent_s=0.2, lock="unlocked", withheld_by=("car_in_c2", "wish")),
    meter=Meter(
        fresh=True,
        age_s=0.4,
        energy_wh=1000,
        power_w=0.0,
        current_a=(0.0, 0.0, 0.0),
        voltage_v=(230.0, 230.0, 230.0),
    ),
    service=Service(accepted=True, operative=True, recorded=True),
    link=Link(connected=True, registered=True, standing="accepted", since_s=7200.0, heard_s=30.0),
)
SESSION = Session(
    number=7, transaction_id=4711, id_tag="04AABBCC", started_at="2026-05-01T17:19:00Z", for_s=2460.0,
    energy_wh=3420,
)  # fmt: skip


def changed(state: State = WELL, /, **parts: Any) -> State:
    """With other fields; those of a part are given as a dict."""
    whole = {
        name: msgspec.structs.replace(getattr(state, name), **value) if isinstance(value, dict) else value
        for name, value in parts.items()
    }
    return msgspec.structs.replace(state, **whole)


READY = changed(
    connector={"step": "Transaction", "status": "SuspendedEV", "id_tag": "04AABBCC"},
    session=SESSION,
    box={
        "vehicle": "B", "car": True, "lock": "locked", "cable_rating_a": 32.0, "offered_a": 16.0,
        "offered_for_s": 60.0,
        "withheld_by": ("car_in_c2",),
    },
)  # fmt: skip
CHARGING = changed(
    READY,
    charges=True,
    connector={"status": "Charging"},
    box={"vehicle": "C", "contactor_closed": True, "contactor_for_s": 60.0, "withheld_by": ()},
    meter={"power_w": 7360.0, "current_a": (10.7, 10.6, 10.7)},
)
