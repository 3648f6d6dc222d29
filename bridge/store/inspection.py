"""Looks at every value of a store before anything relies on one. What it finds is for `salvage`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from bridge.store import schema
from bridge.store.readable import LAST_ROW_ID, TABLES, faults

_WAITS = """
        (EXISTS (SELECT 1 FROM outbox AS m WHERE m.row_id = t.row_id AND m.place = {0})
        OR EXISTS (SELECT 1 FROM set_aside AS m WHERE m.row_id = t.row_id AND m.place = {0}))"""
_MESSAGES = "(SELECT * FROM outbox UNION ALL SELECT * FROM set_aside) AS m"
_STRAY = "row_id IS NOT NULL AND row_id NOT IN (SELECT row_id FROM transactions)"
# What refers to something that is not there, or waits where nobody looks: each counts what must not be.
_ASTRAY = {
    "messages of no session": f"SELECT count(*) FROM {_MESSAGES} WHERE {_STRAY}",
    "samples of no session": f"SELECT count(*) FROM samples WHERE {_STRAY}",
    "profiles of no session": f"SELECT count(*) FROM charging_profiles WHERE {_STRAY}",
    "values without a sample": f"""
        SELECT count(*) FROM {_MESSAGES} WHERE m.place = 1
        AND NOT EXISTS (SELECT 1 FROM samples AS s WHERE s.row_id = m.row_id AND s.seq = m.seq)""",
    "starts that were frozen unlike their session": f"""
        SELECT count(*) FROM {_MESSAGES} JOIN transactions USING (row_id) WHERE place = 0 AND frozen NOT NULL
        AND (json_extract(frozen, '$.idTag'), json_extract(frozen, '$.meterStart'))
        IS NOT (id_tag, meter_start_wh)""",
    "stops that were frozen unlike their session": f"""
        SELECT count(*) FROM {_MESSAGES} JOIN transactions USING (row_id) WHERE place = 2 AND frozen NOT NULL
        AND (json_extract(frozen, '$.transactionId'), json_extract(frozen, '$.meterStop'))
        IS NOT (transaction_id, meter_stop_wh)""",
    "messages of a dead letter in the outbox": """
        SELECT count(*) FROM outbox JOIN transactions USING (row_id) WHERE given_up IS NOT NULL""",
    "messages of a living session among the dead letters": """
        SELECT count(*) FROM set_aside JOIN transactions USING (row_id) WHERE given_up IS NULL""",
    "sessions of which it is not clear whether they began": f"""
        SELECT count(*) FROM transactions AS t WHERE (transaction_id IS NULL) <> {_WAITS.format(0)}""",
    "sessions whose stop is missing": f"""
        SELECT count(*) FROM transactions AS t WHERE stopped_at IS NOT NULL AND NOT {_WAITS.format(2)}
        AND EXISTS (SELECT 1 FROM samples AS s WHERE s.row_id = t.row_id)""",
    "stops of a session that runs": f"""
        SELECT count(*) FROM transactions AS t WHERE stopped_at IS NULL AND {_WAITS.format(2)}""",
    "sessions with half a stop": """
        SELECT count(*) FROM transactions WHERE (stopped_at IS NULL) <> (meter_stop_wh IS NULL)""",
    "numbers of sessions that were not counted": """
        SELECT (SELECT coalesce(max(row_id), 0) FROM transactions) >
        (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'transactions')""",
    "numbers of sessions without end": f"SELECT count(*) FROM sqlite_sequence WHERE seq >= {LAST_ROW_ID}",
    "versions of the list": "SELECT count(*) <> 1 FROM local_list_version",
}


def faulty(connection: sqlite3.Connection) -> str:
    """Returns what is wrong with the first thing that is; empty: all is well. Raises sqlite3.Error."""
    return next(_faults(connection), "")


def _faults(connection: sqlite3.Connection) -> Iterator[str]:
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone() or ("nothing",)
    if found != "ok":
        yield str(found)
    if not schema.is_newest(connection):
        yield f"its tables are not those of schema version {schema.newest_version()}"
    for table, (readers, key) in TABLES.items():
        last: tuple[object, ...] | None = None
        with closing(connection.execute(f"SELECT * FROM {table}")) as rows:  # in the order of its key
            for values in rows:
                for column, why in faults(readers, values).items():
                    yield f"{table}.{column}: {why}"
                if key and last is not None and not last < values[:key]:
                    yield f"{table}: {values[:key]} behind {last}"
                last = values[:key]
    for what, statement in _ASTRAY.items():
        (number,) = connection.execute(statement).fetchone()
        if number:
            yield f"{number} {what}"
