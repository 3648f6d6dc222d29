"""A Status as hal.safety would say it."""

from __future__ import annotations

import msgspec

from hal.contract import Counters, Fault, Status

IDLE = Status(
    version=1,
    start_id="s",
    seq=1,
    at_s=0.0,
    mock=True,
    real_time="",
    vehicle="A",
    pilot_offer="x1",
    cable_present=False,
    cable_rating_a=None,
    lock="unlocked",
    contactor_commanded=False,
    contactor_closed=False,
    contactor_changed_at_s=0.0,
    limits_a={},
    limited_by="wish",
    withheld_by=(),
    faults=(),
    lamp="ready",
    counters=Counters(),
    wish_seq=1,
)
OPENING = Fault(id="welded", occurrence=1, since_s=0.0, clears="person", opens=True)
REPORTED = Fault(id="reported", occurrence=1, since_s=0.0, clears="itself", opens=False)


def status(at_s: float, **changed: object) -> Status:
    return msgspec.structs.replace(IDLE, at_s=at_s, **changed)
