"""So that one endless transaction does not fill the disk: beyond 2,000 samples every second one goes."""

from __future__ import annotations

import sqlite3

MOST_SAMPLES = 2000  # of one transaction; OCPP 1.6 3.7 allows to drop values, never start and stop
_COUNT = "SELECT count(*) FROM samples WHERE row_id = ?"
# The first stays and every second of the rest; Begin and End always; and what may have been sent already.
_THIN = """
    DELETE FROM samples WHERE row_id = :row_id AND seq IN (
        SELECT seq FROM (
            SELECT seq, context, row_number() OVER (ORDER BY seq) AS place FROM samples WHERE row_id = :row_id
        )
        WHERE place % 2 = 0 AND context NOT IN ('Transaction.Begin', 'Transaction.End')
        EXCEPT SELECT seq FROM outbox WHERE row_id = :row_id AND place = 1 AND frozen IS NOT NULL
        EXCEPT SELECT seq FROM set_aside WHERE row_id = :row_id AND place = 1 AND frozen IS NOT NULL
    )"""
_FOLLOW = """
    DELETE FROM {} WHERE row_id = :row_id AND place = 1
    AND seq NOT IN (SELECT seq FROM samples WHERE row_id = :row_id)"""


def thin(connection: sqlite3.Connection, row_id: int) -> None:
    """To be called after each sample. The newest is always kept."""
    (kept,) = connection.execute(_COUNT, (row_id,)).fetchone()
    if kept > MOST_SAMPLES:
        for statement in (_THIN, _FOLLOW.format("outbox"), _FOLLOW.format("set_aside")):
            connection.execute(statement, {"row_id": row_id})
