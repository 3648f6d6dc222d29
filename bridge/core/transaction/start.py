"""The row with which a transaction starts, and the transaction that it makes."""

from __future__ import annotations

from bridge.core.now import Now
from bridge.core.rows import Change, Remembered, TransactionRow, TransactionStarted
from bridge.core.session import CONNECTOR_ID, Authorized, PlugIn, Transaction
from bridge.core.setup import PLUG_IN
from hal.contract import Reading


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
    """What must be durable before its StartTransaction, and before the contactor may close."""
    known = [Remembered(PLUG_IN, plug_in.text(row.row_id))] if plug_in is not None else []
    return [TransactionStarted(row), *known]


def started_transaction(row: TransactionRow, plug_in: PlugIn | None, now: Now) -> Transaction:
    """It runs from now on."""
    return Transaction(
        row.row_id,
        row.id_tag,
        row.parent_id_tag,
        row.meter_start_wh,
        now.s,
        row.started_at,
        plug_in=plug_in,
    )
