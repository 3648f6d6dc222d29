"""PURE: a session as REST and `evse-bridge sessions --json` tell it."""

from __future__ import annotations

import msgspec

from bridge.core.rows import Session
from bridge.local.session_table import delivery, moment


class SessionSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One session. Times are UTC; without a date (boot+12s): nobody knew the time."""

    number: int
    id_tag: str
    started_at: str
    stopped_at: str  # empty: it runs
    energy_wh: int | None
    meter_start_wh: int
    meter_stop_wh: int | None
    reason: str | None
    estimated: bool  # of the end: the last stored reading
    time_estimated: bool
    transaction_id: int | None
    delivery: str
    dead_letter_reason: str | None


def seen(session: Session) -> SessionSeen:
    """Returns what is told of it."""
    row = session.row
    return SessionSeen(
        number=row.row_id,
        id_tag=row.id_tag,
        started_at=moment(row.started_at),
        stopped_at=moment(row.stopped_at),
        energy_wh=session.energy_wh,
        meter_start_wh=row.meter_start_wh,
        meter_stop_wh=row.meter_stop_wh,
        reason=row.stop_reason,
        estimated=row.stop_estimated,
        time_estimated=row.time_estimated,
        transaction_id=row.transaction_id,
        delivery=delivery(session),
        dead_letter_reason=row.given_up,
    )
