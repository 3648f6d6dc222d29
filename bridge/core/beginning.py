"""What the start of an authorized transaction waits for, and its meterStart (OCPP 1.6 6.45)."""

from __future__ import annotations

from bridge.core.box_view import BoxView
from bridge.core.reporting.faults import ENDING_IN_TIME
from bridge.core.session import Authorized
from bridge.core.transaction.stop import lost_too_long
from hal.contract import Reading


def begins_with(state: Authorized, box: BoxView, now_s: float) -> Reading | None:
    """A reading taken after the authorization; None while anything is missing.

    That is the car, its lock, a fresh reading of meter and thermometer. What has been lost for so long that
    it would end the transaction has to be well again first.
    """
    reading = box.fresh_reading(now_s)
    plugged = box.car_connected and box.cable_locked
    if not (plugged and box.alive(now_s)) or box.opening_faults or lost_too_long(box, now_s):
        return None
    if any(fault.id in ENDING_IN_TIME for fault in box.faults):
        return None
    return reading if reading is not None and reading.at_s > state.since_s else None
