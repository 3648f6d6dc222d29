"""The schema's version and its migrations: `migrations/NNNN_name.sql`, applied in order, each once.

`PRAGMA user_version` holds the number of the last one applied. All that are missing are applied in one
transaction: a database is of its old version or of the newest, never between.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bridge.store.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(connection: sqlite3.Connection, path: str, migrations: Path = MIGRATIONS) -> None:
    """Brings a new or older database to the newest version. Two programs that do it at once: one waits.

    An older one is first copied, as it is, to `path` with `.schema-N` behind it; N is its version.

    Raises: StoreError for a database of a newer version; sqlite3.Error, the database then being as before.
    """
    numbered = _numbered(migrations)
    newest = max(numbered)
    before = _version(connection, path, newest)
    if before == newest:
        return
    if before > 0:
        _back_up(connection, Path(f"{path}.schema-{before}"))
    connection.execute("BEGIN IMMEDIATE")
    try:
        _apply(connection, numbered, above=_version(connection, path, newest))
        connection.execute(f"PRAGMA user_version = {newest}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def newest_version() -> int:
    """Returns that of this program."""
    return max(_numbered(MIGRATIONS))


def _back_up(connection: sqlite3.Connection, target: Path) -> None:
    """Copies the whole, or nothing at all under that name."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(unfinished)) as copy:
        connection.backup(copy)
    unfinished.rename(target)


def _version(connection: sqlite3.Connection, path: str, newest: int) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > newest:
        raise StoreError(
            f"{path}: schema version {found}: this program knows versions up to {newest}; "
            "install the newer version again, or move the file aside to start with an empty one"
        )
    return found


def _numbered(migrations: Path) -> dict[int, str]:
    return {int(file.name[:4]): file.read_text("utf-8") for file in sorted(migrations.glob("*.sql"))}


def _apply(connection: sqlite3.Connection, numbered: dict[int, str], above: int) -> None:
    for number, script in numbered.items():
        if number > above:
            for statement in _statements(script):
                connection.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """Yields one at a time: sqlite3's own `executescript` commits the transaction it stands in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
