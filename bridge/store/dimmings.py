"""The dimmings of the grid operator in their table."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bridge.core.now import FIRST_YEAR, SINCE_BOOT, is_dated
from bridge.core.rows import Dated, DimmingRow
from bridge.store.columns import moment_text

MOST_DIMMINGS = 4096  # section 14a EnWG asks for two years; this is five a day
DIMMING = ("dimming_id", "boot_id", "began_at", "limit_w", "obeyed_at", "ended_at", "time_estimated")
_COLUMNS = ", ".join(DIMMING)
DIMMINGS = f"SELECT {_COLUMNS} FROM dimmings WHERE dimming_id > ? ORDER BY dimming_id LIMIT ?"
NEWEST_DIMMING = f"SELECT {_COLUMNS} FROM dimmings ORDER BY dimming_id DESC LIMIT 1"
_UNDATED = f"SELECT {_COLUMNS} FROM dimmings WHERE began_at < '{FIRST_YEAR}' ORDER BY dimming_id"
# What began keeps its moment: a later note may not know its date yet.
_NOTE = """
    INSERT INTO dimmings (dimming_id, boot_id, began_at, limit_w, obeyed_at, ended_at, time_estimated)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (dimming_id) DO UPDATE SET
        obeyed_at = coalesce(obeyed_at, excluded.obeyed_at), ended_at = excluded.ended_at"""
_BOUND = "DELETE FROM dimmings WHERE dimming_id <= ?"  # they are numbered without a gap


def make(connection: sqlite3.Connection, row: DimmingRow) -> None:
    """Notes it within the transaction of its batch."""
    moments = (None if at is None else moment_text(at) for at in (row.obeyed_at, row.ended_at))
    values = (row.dimming_id, row.boot_id, moment_text(row.began_at), row.limit_w, *moments)
    connection.execute(_NOTE, (*values, row.time_estimated))
    connection.execute(_BOUND, (row.dimming_id - MOST_DIMMINGS,))


def dimming_of(values: Sequence[Any]) -> DimmingRow:
    """Makes a row from values in the order of DIMMING."""
    dimming_id, boot_id, began_at, limit_w, obeyed_at, ended_at, estimated = values
    return DimmingRow(
        dimming_id,
        boot_id,
        datetime.fromisoformat(began_at),
        limit_w,
        obeyed_at and datetime.fromisoformat(obeyed_at),
        ended_at and datetime.fromisoformat(ended_at),
        time_estimated=bool(estimated),
    )


def date(connection: sqlite3.Connection, change: Dated) -> None:
    """Dates what has no date: of this boot by when it began, of one before it just before that."""
    for values in connection.execute(_UNDATED).fetchall():
        row = dimming_of(values)
        moments = [at for at in (row.began_at, row.obeyed_at, row.ended_at) if at and not is_dated(at)]
        began_at, estimated = change.began_at, change.estimated
        if row.boot_id != change.boot_id:
            began_at, estimated = change.began_at - timedelta(seconds=1) - (max(moments) - SINCE_BOOT), True
        by = began_at - SINCE_BOOT
        shifted = (at if at is None or is_dated(at) else at + by for at in (row.obeyed_at, row.ended_at))
        obeyed, ended = (at and moment_text(at) for at in shifted)
        connection.execute(
            "UPDATE dimmings SET began_at = ?, obeyed_at = ?, ended_at = ?,"
            " time_estimated = max(time_estimated, ?) WHERE dimming_id = ?",
            (moment_text(row.began_at + by), obeyed, ended, estimated, row.dimming_id),
        )
