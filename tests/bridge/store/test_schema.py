"""Migrations: in order, each once, all or nothing; a newer schema is refused."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge.core.rows import Remembered
from bridge.core.session import Finishing, Owner
from bridge.store import Database, StoreError
from bridge.store.schema import MIGRATIONS, mark, migrate


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as opened:
        yield opened


@pytest.fixture
def migrations(folder: Path) -> Path:
    """A copy of the real ones, to which a test adds."""
    return Path(shutil.copytree(MIGRATIONS, folder / "migrations"))


def version(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


def tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


@pytest.mark.parametrize(
    ("before", "after"),
    [("", Finishing()), ('["04AABBCC", "FAMILY"]', Finishing(Owner("04AABBCC", "FAMILY")))],
)
def test_what_an_older_bridge_remembered_of_an_over_transaction(
    path: Path, connection: sqlite3.Connection, migrations: Path, before: str, after: Finishing
) -> None:
    for newer in sorted(migrations.glob("*.sql"))[6:]:
        newer.unlink()
    migrate(connection, str(path), migrations)
    connection.execute("INSERT INTO remembered VALUES ('finishing', ?), ('other', '')", (before,))
    with closing(Database(path)) as store:
        remembered = store.remembered()
    assert (Finishing.of(remembered["finishing"]), remembered["other"]) == (after, "")


def test_a_newer_schema_is_refused_and_left_as_it_is(path: Path, connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA user_version = 900")
    mark(connection, 900)
    with pytest.raises(
        StoreError, match=r"bridge.sqlite: schema version 900: this program knows versions up to"
    ):
        Database(path)
    assert (version(connection), tables(connection)) == (900, set())


def test_an_older_schema_is_brought_up_with_what_it_holds(
    path: Path, connection: sqlite3.Connection, migrations: Path
) -> None:
    with closing(Database(path)) as store:
        store.apply([Remembered("a", "b")])
    known = version(connection)
    later = "-- a trigger holds semicolons;\nCREATE TRIGGER t AFTER INSERT ON remembered BEGIN\n"
    later += "  SELECT 1;\n  SELECT 2;\nEND;\n"
    (migrations / f"{known + 2:04}_third.sql").write_text("ALTER TABLE second ADD COLUMN b TEXT;\n")
    (migrations / f"{known + 1:04}_second.sql").write_text("CREATE TABLE second (a TEXT);\n" + later)
    migrate(connection, str(path), migrations)
    migrate(connection, str(path), migrations)  # nothing left to do
    assert version(connection) == known + 2
    assert connection.execute("SELECT name, value FROM remembered").fetchall() == [("a", "b")]
    connection.execute("INSERT INTO second (a, b) VALUES ('x', 'y')")


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    path: Path, connection: sqlite3.Connection, migrations: Path
) -> None:
    Database(path).close()
    before = (version(connection), tables(connection))
    (migrations / f"{before[0] + 1:04}_second.sql").write_text("CREATE TABLE second (a TEXT);\n")
    (migrations / f"{before[0] + 2:04}_third.sql").write_text("INSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(connection, str(path), migrations)
    assert (version(connection), tables(connection)) == before


def test_numbers_run_from_one_without_a_gap() -> None:
    numbers = [int(file.name[:4]) for file in sorted(MIGRATIONS.iterdir())]
    assert numbers == list(range(1, len(numbers) + 1))
