"""The open row that a program finds when it starts, as the transaction that goes on or is to end."""

from __future__ import annotations

from bridge.core.now import Now
from bridge.core.rows import TransactionRow
from bridge.core.session import PlugIn, Stopping, Transaction
from bridge.core.setup import ORDERLY, PLUG_IN, STOPPING, Memory


def resumed_transaction(row: TransactionRow, memory: Memory, boot_id: str, now: Now) -> Transaction:
    """A row of this boot goes on, or ends as was decided; one of another boot ends as soon as the meter has
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
