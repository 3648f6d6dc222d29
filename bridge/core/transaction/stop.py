"""Why a running transaction must end, and with which reading it ends. OCPP 1.6 7.36; meterStop of 6.49."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.box_view import BoxView
from bridge.core.now import Now
from bridge.core.reporting.meter_log import MeterLog
from bridge.core.rows import TransactionStopped
from bridge.core.session import Stopping, Transaction

HAL_LOST_END_S = 60.0
LOST_END_S = 600.0  # without meter or thermometer
OPENING_S = 6.0  # a car that keeps S2 closed is opened under load then (IEC 61851-1 seq. 10.2, as quoted)
METER_STOP_S = 5.0  # so long a reading younger than the opening is waited for

# These end the transaction at once; any other fault suspends it and ends it after ten minutes.
ENDING = {"welded": "Other", "rcm_trip": "Other", "plug_lost": "Other", "emergency_stop": "EmergencyStop"}
# These end it after LOST_END_S although they do not suspend it.
ENDING_IN_TIME = ("meter_lost", "thermometer_lost")
FAULT_PATIENCE_S = 600.0


def end_reason(state: Transaction, box: BoxView, now_s: float) -> str | None:
    """Returns the reason to stop now; None: go on. A fault suspends; only some end, or ten minutes of any."""
    for fault in box.opening_faults:
        if fault.id in ENDING:
            return ENDING[fault.id]
    if box.alive(now_s) and box.status is not None and box.status.stop_pressed:
        return "Local"
    if box.car_left(now_s) or box.plugged_anew(state.plug_in):
        return "EVDisconnected"
    if box.silent_s(now_s) >= HAL_LOST_END_S:
        return "Reboot"
    if state.fault_since_s is not None and now_s - state.fault_since_s >= FAULT_PATIENCE_S:
        return "Other"
    return "Other" if lost_too_long(box, now_s) else None


def lost_too_long(box: BoxView, now_s: float) -> bool:
    """Says whether meter or thermometer were lost for ten minutes."""
    return any((box.lasting_s(name, now_s) or 0.0) >= LOST_END_S for name in ENDING_IN_TIME)


def energy_spent(state: Transaction, box: BoxView, most_wh: int) -> bool:
    """OCPP 1.6 9.1 MaxEnergyOnInvalidId, counted from meterStart: enough to drive away, once."""
    reading_wh = box.reading.energy_wh if box.reading is not None else state.meter_start_wh
    return reading_wh - state.meter_start_wh >= most_wh


@dataclass(frozen=True, slots=True)
class MeterStop:
    """`estimated`: the last reading known, because none came after the contactor had opened."""

    energy_wh: int
    estimated: bool


def meter_stop(
    state: Transaction, stopping: Stopping, box: BoxView, last_energy_wh: int | None, now_s: float
) -> MeterStop | None:
    """Is None while waiting for the contactor to open, or for the first reading after it.

    That it is open says nothing before the box has taken the wish back: it may be just about to close.
    """
    reading = box.reading
    opened_at_s = box.opened_at_s if box.wishless_since(stopping.since_s) else None
    if box.alive(now_s) and reading is not None and opened_at_s is not None and reading.at_s > opened_at_s:
        return MeterStop(max(reading.energy_wh, state.meter_start_wh), estimated=False)
    deadline_s = stopping.since_s + OPENING_S + METER_STOP_S
    if opened_at_s is not None:
        deadline_s = min(deadline_s, max(stopping.since_s, opened_at_s) + METER_STOP_S)
    if now_s < deadline_s:
        return None
    last_wh = reading.energy_wh if reading is not None else last_energy_wh
    return MeterStop(max(last_wh or 0, state.meter_start_wh), estimated=True)


def stop_row(
    state: Transaction, stopping: Stopping, final: MeterStop, taken: MeterLog | None, now: Now
) -> TransactionStopped:
    """Ends the row, never before its start or last sample. What an earlier boot left may be estimated."""
    latest = max(now.utc, state.started_at)
    return TransactionStopped(
        row_id=state.row_id,
        stopped_at=taken.not_before_last(now.utc) if taken is not None else latest,
        meter_stop_wh=final.energy_wh,
        reason=stopping.reason,
        id_tag=stopping.id_tag,
        estimated=final.estimated,
        time_estimated=now.estimated or (state.of_earlier_boot and not now.dated),
    )
