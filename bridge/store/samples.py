"""The samples of a transaction: kept until its stop is delivered, never without bound."""

from __future__ import annotations

import sqlite3

from bridge.core.reporting.transaction_data import BOUNDARIES, every_second
from bridge.core.rows import SampleTaken
from bridge.store.columns import SAMPLE, sample_values

MOST_SAMPLES = 2000  # of one row: two weeks at ten minutes, or three days at two, without a Central System
_ADD = f"INSERT INTO samples (row_id, seq, {', '.join(SAMPLE)}) VALUES (?, ?{', ?' * len(SAMPLE)})"
_COUNT = "SELECT count(*) FROM samples WHERE row_id = ?"
# What has been sent once may be answered yet: it stays.
_BETWEEN = f"""
    SELECT seq FROM samples WHERE row_id = ? AND context NOT IN {BOUNDARIES} AND seq NOT IN
    (SELECT seq FROM outbox WHERE row_id = samples.row_id AND place = 1 AND frozen IS NOT NULL
     UNION ALL SELECT seq FROM set_aside WHERE row_id = samples.row_id AND place = 1 AND frozen IS NOT NULL)
    ORDER BY seq"""


def add(connection: sqlite3.Connection, change: SampleTaken) -> None:
    """Makes room first where there are too many, as a Zaptec does. Raises sqlite3.Error."""
    (count,) = connection.execute(_COUNT, (change.row_id,)).fetchone()
    if count >= MOST_SAMPLES:
        _thin(connection, change.row_id)
    connection.execute(_ADD, (change.row_id, change.seq, *sample_values(change.sample)))


def _thin(connection: sqlite3.Connection, row_id: int) -> None:
    between = [seq for (seq,) in connection.execute(_BETWEEN, (row_id,))]
    for seq in every_second(between):
        for table in ("outbox", "set_aside"):
            connection.execute(
                f"DELETE FROM {table} WHERE row_id = ? AND place = 1 AND seq = ?", (row_id, seq)
            )
        connection.execute("DELETE FROM samples WHERE row_id = ? AND seq = ?", (row_id, seq))
