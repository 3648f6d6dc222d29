"""An entry of the store that cannot be read is passed over, with a line: the others count."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bridge.store import Database

ENTRIES = """
    INSERT INTO local_list VALUES ('04aabbcc', 'Accepted', NULL, 'soon');
    INSERT INTO authorization_cache VALUES (1, '04ddeeff', 'Accepted', '', '2026-99-01');
    INSERT INTO charging_profiles
        (profile_id, connector_id, purpose, stack_level, kind, unit, periods, received_at)
        VALUES (1, 1, 'TxDefaultProfile', 0, 'Absolute', 'A', '[5]', 0),
            (2, 1, 'TxDefaultProfile', 1, 'Absolute', 'A', '[[0, 10.0, null]]', 0);
"""


def test_what_cannot_be_read_is_passed_over(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Database(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(ENTRIES)
    with closing(Database(path)) as store:
        assert (store.listed("04AABBCC"), store.cached("04DDEEFF")) == (None, None)
        assert [profile.profile_id for profile in store.charging_profiles()] == [2]
    assert [record.message.split(" cannot")[0] for record in caplog.records] == [
        "an entry of the local list",
        "an entry of the cache",
        "a charging profile",
    ]
