"""A value that cannot be read, in any column of any table: it is dropped, and no session with it."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bridge.core.rows import TransactionRow
from bridge.store import Database
from bridge.store.opening import opened, set_aside
from bridge.store.readable import TABLES
from tests.campaigns import part
from tests.chaos.corruption import DEAD, OPEN, WAITS, fill

NOW = datetime(2026, 11, 25, 12, 30, 5, tzinfo=UTC)
WRONG: tuple[Any, ...] = (
    None, "", "soon", b"\xff\xfe", -1, 2**62, 1e300, float("inf"), "2026-02-31T00:00:00.000000+00:00",
    '{"metdrStart": 1}', "[[5]]", "[" * 5000,
)  # fmt: skip
COLUMNS = [(table, column) for table, (readers, _) in TABLES.items() for column in readers]
KEYS = {
    "row_id",
    "seq",
    "place",
    "profile_id",
    "tag",
    "told",
    "name",
    "dimming_id",
}  # of these there is one each


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "bridge.sqlite"
    fill(path)
    with closing(Database(path)) as store:
        store.check()
    return path.read_bytes()


def forced(path: Path, table: str, column: str, value: object) -> bool:
    """Writes what SQLite would not take into one or all rows; False: no file can hold it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        loose = (
            sql.replace("STRICT, ", "")
            .replace("STRICT", "")
            .replace("NOT NULL", "")
            .replace("CHECK (place IN (0, 1, 2))", "")
        )
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (loose, table))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        one = f" WHERE {column} = (SELECT max({column}) FROM {table})" if column in KEYS else ""
        try:
            connection.execute(f"UPDATE {table} SET {column} = ?{one}", (value,))
        except sqlite3.IntegrityError:  # a second of that key, or a number that must be one
            return False
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (sql, table))
    return True


def sessions(path: Path) -> Iterator[TransactionRow]:
    with closing(opened(path, NOW)) as store:
        store.check()
        yield from store.rows(1000)


@pytest.mark.part
@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=".".join)
def test_no_value_ends_the_program_or_takes_a_session_with_it(
    folder: Path, whole: bytes, table: str, column: str
) -> None:
    logging.disable()
    try:
        for number, value in enumerate(part(WRONG, 4, COLUMNS.index((table, column)))):
            path = folder / f"{number}.sqlite"
            path.write_bytes(whole)
            if forced(path, table, column, value):
                assert len(list(sessions(path))) == OPEN, f"{table}.{column} = {value!r:.40}"
    finally:
        logging.disable(logging.NOTSET)


def test_every_column_has_a_reader(path: Path) -> None:
    """Also those that a later migration adds; in the order of the table."""
    with closing(Database(path)) as store:
        store.check()
    with closing(sqlite3.connect(path)) as connection:
        asked = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        found = {
            table: [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
            for (table,) in connection.execute(asked).fetchall()
        }
    assert found == {table: list(readers) for table, (readers, _) in TABLES.items()}


def damaged(path: Path, whole: bytes, *statements: str) -> None:
    """Writes the whole store to `path`, and then what no version of the program would."""
    path.write_bytes(whole)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_what_was_never_sent_and_cannot_be_read_is_a_dead_letter(path: Path, whole: bytes) -> None:
    """Nothing that was made up is sent; its owner sees why, and what is likely."""
    damaged(path, whole, f"UPDATE transactions SET started_at = 'soon' WHERE row_id = {WAITS[1]}")
    with closing(opened(path, NOW)) as store:
        found = store.row(WAITS[1])
        waiting = store.row(WAITS[2])
    assert found is not None
    assert waiting is not None
    assert found.given_up == "the card was damaged: started_at cannot be read"
    assert (found.time_estimated, found.meter_stop_wh) == (True, found.meter_start_wh + 500)
    assert found.started_at.isoformat() == "2026-04-19T03:34:06.123456+00:00"  # of its first sample
    assert waiting.given_up is None


def test_what_was_sent_once_is_known_from_what_was_frozen(path: Path, whole: bytes) -> None:
    damaged(path, whole, f"UPDATE transactions SET meter_start_wh = -5 WHERE row_id = {WAITS[0]}")
    with closing(opened(path, NOW)) as store:
        found = store.row(WAITS[0])
    assert found is not None
    assert (found.meter_start_wh, found.given_up) == (12_345_000 + WAITS[0], None)


def test_a_delivered_session_needs_nothing_any_more(path: Path, whole: bytes) -> None:
    damaged(
        path,
        whole,
        "UPDATE transactions SET transaction_id = 9000000000000000000 WHERE row_id = 1",
        "UPDATE transactions SET stop_reason = 'Lo\x1bcal' WHERE row_id = 2",
    )
    with closing(opened(path, NOW)) as store:
        first, second = store.row(1), store.row(2)
        assert [row.row_id for row in store.dead_letters()] == list(DEAD)
    assert first is not None
    assert second is not None
    assert (first.given_up, second.given_up, second.stop_reason) == (None, None, None)


def test_a_list_that_lacks_an_entry_is_of_version_0(path: Path, whole: bytes) -> None:
    """OCPP 1.6 5.10: so the Central System sends it again."""
    damaged(path, whole, "UPDATE local_list SET status = 'Acceptde' WHERE tag = 'list3'")
    with closing(opened(path, NOW)) as store:
        assert (store.list_size(), store.list_version(), store.listed("LIST3")) == (19, 0, None)


def test_what_is_lost_stands_in_the_log(path: Path, whole: bytes, caplog: pytest.LogCaptureFixture) -> None:
    damaged(path, whole, "UPDATE charging_profiles SET unit = 'V' WHERE profile_id = 2")
    with closing(opened(path, NOW)) as store:
        assert [profile.profile_id for profile in store.charging_profiles()] == [1, 3]
    (kept,) = set_aside(path)
    assert f"is kept as {kept}" in caplog.records[0].message
    assert "'unit': \"'V': must be one of A, W\"" in caplog.records[1].message


def test_a_whole_store_of_another_shape_is_not_thrown_away(path: Path, whole: bytes) -> None:
    """A bit of the words that describe a table: SQLite cannot use it, we know how it was."""
    at = whole.index(b"CREATE TABLE transactions")
    for change in (b"CREATF", b"CREATE TABLE tsansact"):
        path.write_bytes(whole[:at] + change + whole[at + len(change) :])
        with closing(opened(path, NOW)) as store:
            assert len(store.rows(1000)) == OPEN, change


@pytest.mark.parametrize("at", [0, 16, 18, 19, 20, 47, 59, 60, 63], ids=str)
def test_a_bit_of_the_header_loses_nothing(path: Path, whole: bytes, at: int) -> None:
    """https://sqlite.org/fileformat2.html 1.3: magic, page size, versions, schema format, encoding."""
    for bit in (1, 8, 64):
        made = bytearray(whole)
        made[at] ^= bit
        path.write_bytes(made)
        with closing(opened(path, NOW)) as store:
            assert len(store.rows(1000)) == OPEN, f"byte {at}, bit {bit}"


def test_numbers_of_sessions_go_on(path: Path, whole: bytes) -> None:
    """The number of a session that is lost is not given again: what is remembered of it means it alone."""
    damaged(
        path,
        whole,
        "UPDATE sqlite_sequence SET seq = 50",
        "UPDATE transactions SET connector_id = 7 WHERE row_id = 1",
    )
    with closing(opened(path, NOW)) as store:
        assert store.next_row_id() == 51
        row = store.row(1)
    assert row is not None
    assert row == replace(row, connector_id=1)
