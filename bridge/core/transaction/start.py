"""The start of a transaction: what it waits for, its row, and the open row that a restarted program finds."""

from __future__ import annotations

from bridge.core.box_view import BoxView, PlugIn
from bridge.core.now import Now
from bridge.core.rows import Change, Remembered, TransactionRow, TransactionStarted
from bridge.core.session import CONNECTOR_ID, Authorized, Stopping, Transaction
from bridge.core.setup import ORDERLY, PLUG_IN, STOPPING, Memory
from bridge.core.transaction.stop import lost_too_long
from hal.contract import Reading


def begins_with(state: Authorized, box: BoxView, now_s: float) -> Reading | None:
    """OCPP 1.6 6.45 meterStart: a reading taken after the authorization; None while anything is missing.

    That is the car, its lock, a fresh reading of meter and thermometer. What has been lost for so long that
    it would end the transaction has to be well again first.
    """
    reading = box.fresh_reading(now_s)
    plugged = box.car_seen and box.cable_locked
    if not (plugged and box.alive(now_s)) or box.opening_faults or lost_too_long(box, now_s):
        return None
    if box.lasting_s("thermometer_lost", now_s) is not None:
        return None
    return reading if reading is not None and reading.at_s > state.since_s else None


def started_row(
    number: tuple[int, str], state: Authorized, reading: Reading, reservation_id: int | None, now: Now
) -> TransactionRow:
    """OCPP 1.6 6.45. `number`: of the row, and of the boot in whose seconds it counts."""
    row_id, boot_id = number
    return TransactionRow(
        row_id=row_id,
        boot_id=boot_id,
        connector_id=CONNECTOR_ID,
        id_tag=state.id_tag,
        parent_id_tag=state.parent_id_tag,
        meter_start_wh=reading.energy_wh,
        started_at=now.utc,
        reservation_id=reservation_id,
        time_estimated=now.estimated,
    )


def start_changes(row: TransactionRow, plug_in: PlugIn | None) -> list[Change]:
    """Returns what must be durable before its StartTransaction, and before the contactor may close."""
    known = [Remembered(PLUG_IN, plug_in.text(row.row_id))] if plug_in is not None else []
    return [TransactionStarted(row), *known]


def started_transaction(row: TransactionRow, plug_in: PlugIn | None, now: Now) -> Transaction:
    """Makes a transaction that runs from now on."""
    return Transaction(
        row.row_id,
        row.id_tag,
        row.parent_id_tag,
        row.meter_start_wh,
        now.s,
        row.started_at,
        plug_in=plug_in,
    )


def resumed_transaction(row: TransactionRow, memory: Memory, boot_id: str, now: Now) -> Transaction:
    """Continues a row of this boot, or ends it as decided; one of another boot ends as soon as the meter has
    been read."""
    stopping = Stopping.of(memory.remembered.get(STOPPING), row.row_id, now.s)
    if row.boot_id != boot_id:
        orderly = memory.remembered.get(ORDERLY) == row.boot_id
        stopping = Stopping("Reboot" if orderly else "PowerLoss", None, now.s, "SuspendedEVSE")
    invalid = row.id_tag_status not in (None, "Accepted")
    return Transaction(
        row_id=row.row_id,
        id_tag=row.id_tag,
        parent_id_tag=row.parent_id_tag,
        meter_start_wh=row.meter_start_wh,
        since_s=now.s,
        started_at=row.started_at,
        transaction_id=row.transaction_id,
        invalid=invalid,
        deauthorized=invalid,  # until the first step has looked at the meter
        closed_once=True,
        stopping=stopping,
        of_earlier_boot=row.boot_id != boot_id,
        plug_in=PlugIn.of(memory.remembered.get(PLUG_IN), row.row_id),
    )
