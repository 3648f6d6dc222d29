"""Time is known: rows whose moments count from a boot get dates. Only a row that began undated has any."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from bridge.core.charging_profile import FIRST_DATED
from bridge.core.now import FIRST_YEAR, SINCE_BOOT, is_dated
from bridge.core.rows import Dated
from bridge.store import dimmings
from bridge.store.columns import moment_text

UNDATED = f"""
    SELECT EXISTS (SELECT 1 FROM transactions WHERE started_at < '{FIRST_YEAR}')
    OR EXISTS (SELECT 1 FROM dimmings WHERE began_at < '{FIRST_YEAR}')"""
BEFORE = timedelta(seconds=1)  # so long before the next boot the last moment of one lies, at the least
# In each the newest row is the last, as row ids rise; the newest boot comes first.
_BOOTS = f"""
    SELECT boot_id FROM transactions WHERE started_at < '{FIRST_YEAR}'
    GROUP BY boot_id ORDER BY max(row_id) DESC"""
_ROWS = f"""
    SELECT row_id, started_at, stopped_at FROM transactions
    WHERE started_at < '{FIRST_YEAR}' AND boot_id = ? ORDER BY row_id"""
_SAMPLES = f"SELECT seq, at FROM samples WHERE row_id = ? AND at < '{FIRST_YEAR}' ORDER BY seq"
_LAST_SAMPLE = f"SELECT max(at) FROM samples WHERE row_id = ? AND at < '{FIRST_YEAR}'"


def make(connection: sqlite3.Connection, change: Dated) -> None:
    """Dates rows within the transaction of its batch. Raises sqlite3.Error."""
    before = change.began_at
    for (boot_id,) in connection.execute(_BOOTS).fetchall():
        rows = connection.execute(_ROWS, (boot_id,)).fetchall()
        if boot_id == change.boot_id:
            began_at, estimated = change.began_at, change.estimated
        else:
            began_at, estimated = before - BEFORE - _lasted(connection, rows), True
        before = min(before, began_at)
        for row in rows:
            _date(connection, row, began_at - SINCE_BOOT, estimated=estimated)
    dimmings.date(connection, change)
    whole_s = (change.began_at - SINCE_BOOT) // timedelta(seconds=1)
    connection.execute(
        "UPDATE charging_profiles SET received_at = received_at + ? WHERE received_at < ?",
        (whole_s, FIRST_DATED),
    )


def _lasted(connection: sqlite3.Connection, rows: list[tuple[int, str, str | None]]) -> timedelta:
    """Returns the time from a boot to the last moment of its rows."""
    last = SINCE_BOOT
    for row_id, *moments in rows:
        (sampled_at,) = connection.execute(_LAST_SAMPLE, (row_id,)).fetchone()
        known = (datetime.fromisoformat(text) for text in (*moments, sampled_at) if text is not None)
        last = max(last, *(moment for moment in known if not is_dated(moment)))
    return last - SINCE_BOOT


def _date(
    connection: sqlite3.Connection, row: tuple[int, str, str | None], by: timedelta, *, estimated: bool
) -> None:
    row_id, started_at, stopped_at = row
    connection.execute(
        "UPDATE transactions SET started_at = ?, stopped_at = ?, time_estimated = max(time_estimated, ?)"
        " WHERE row_id = ?",
        (
            _shifted(started_at, by),
            None if stopped_at is None else _shifted(stopped_at, by),
            estimated,
            row_id,
        ),
    )
    found = connection.execute(_SAMPLES, (row_id,)).fetchall()
    connection.executemany(
        "UPDATE samples SET at = ? WHERE row_id = ? AND seq = ?",
        [(_shifted(at, by), row_id, seq) for seq, at in found],
    )


def _shifted(text: str, by: timedelta) -> str:
    """Shifts a moment; what has a date keeps it."""
    moment = datetime.fromisoformat(text)
    return text if is_dated(moment) else moment_text(moment + by)
