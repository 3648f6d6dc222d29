"""PURE: a session as a row of a table: its columns and their texts, none of which is a formula."""

from __future__ import annotations

from datetime import datetime

from bridge.core.now import SINCE_BOOT, is_dated
from bridge.core.rows import Session
from hal.visible import visible

COLUMNS = (
    "session", "started_at", "stopped_at", "id_tag", "energy_kwh", "meter_start_kwh", "meter_stop_kwh",
    "reason", "estimated", "transaction_id", "delivery", "dead_letter_reason", "time_estimated",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@")
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def delivery(session: Session) -> str:
    """Says whether the Central System has it: delivered, dead letter, charging or waiting."""
    row = session.row
    if row.given_up is not None:
        return "dead letter"
    if row.stopped_at is None:
        return "charging"
    return "delivered" if session.waiting == 0 else "waiting"


def cells(session: Session) -> list[str]:
    """Returns the texts of its row, for CSV."""
    row = session.row
    written = [
        str(row.row_id),
        moment(row.started_at),
        moment(row.stopped_at),
        row.id_tag,
        kwh(session.energy_wh),
        kwh(row.meter_start_wh),
        kwh(row.meter_stop_wh),
        row.stop_reason or "",
        "yes" if row.stop_estimated else "no",
        "" if row.transaction_id is None else str(row.transaction_id),
        delivery(session),
        row.given_up or "",
        "yes" if row.time_estimated else "no",
    ]
    return [cell(each) for each in written]


def cell(text: str) -> str:
    """Makes it visible; a program of tables would carry out what begins as a formula, so it is quoted."""
    shown = visible(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def moment(at: datetime | None) -> str:
    """Writes a moment; without a date: the seconds of its boot, until somebody knows the time."""
    if at is None:
        return ""
    if is_dated(at):
        return at.strftime(_MOMENT)
    return f"boot+{(at - SINCE_BOOT).total_seconds():.0f}s"


def kwh(energy_wh: int | None) -> str:
    """Writes kWh, exact to 1 Wh; empty for none."""
    return "" if energy_wh is None else f"{energy_wh / 1000:.3f}"
