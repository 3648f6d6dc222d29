"""The schema's version and its migrations: `migrations/NNNN_name.sql`, applied in order, each once.

`PRAGMA user_version` holds the number of the last one applied. All that are missing are applied in one
transaction: a database is of its old version or of the newest, never between.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bridge.store.errors import DamagedError, StoreError
from bridge.store.private import private

MIGRATIONS = Path(__file__).parent / "migrations"
_MARK = 0x45565300  # "EVS", and the version behind it
_SCHEMA = "SELECT rowid, type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid"


def migrate(connection: sqlite3.Connection, path: str, migrations: Path = MIGRATIONS) -> None:
    """Brings a new or older database to the newest version. Two programs that do it at once: one waits.

    An older one is first copied, as it is, to `path` with `.schema-N` behind it; N is its version.

    Raises: StoreError for a database of a newer version; DamagedError for one whose tables are not those of
    its version; sqlite3.Error, the database then being as before.
    """
    numbered = _numbered(migrations)
    newest = max(numbered)
    before = _version(connection, path, newest)
    if before < newest:
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
    if _mark(connection) != _MARK + newest:
        mark(connection, newest)


def mark(connection: sqlite3.Connection, version: int) -> None:
    """Notes the version a second time: a version that nobody knows is only believed when both agree."""
    connection.execute(f"PRAGMA application_id = {_MARK + version}")


def _tables(connection: sqlite3.Connection) -> list[tuple[int, str, str, str, str]]:
    """Returns what the file says of its tables and indexes, whatever their blanks and capitals."""
    return [
        (number, *names, "".join((sql or "").split()).lower())
        for number, *names, sql in connection.execute(_SCHEMA)
    ]


def is_newest(connection: sqlite3.Connection) -> bool:
    """Says whether its tables and indexes are those of this program."""
    return _is_of(connection, newest_version())


def newest_schema() -> list[tuple[int, str, str, str, str | None]]:
    """Returns what stands in `sqlite_schema` of a new database, by its number."""
    with closing(_made(newest_version())) as made:
        return made.execute(_SCHEMA).fetchall()


def newest_version() -> int:
    """Returns that of this program."""
    return max(_numbered(MIGRATIONS))


def _made(version: int, migrations: Path = MIGRATIONS) -> sqlite3.Connection:
    """Makes an empty database of that version in memory."""
    made = sqlite3.connect(":memory:", isolation_level=None)
    _apply(made, {number: text for number, text in _numbered(migrations).items() if number <= version}, 0)
    return made


def _back_up(connection: sqlite3.Connection, target: Path) -> None:
    """Copies the whole, or nothing at all under that name. Hidden from all but its owner, as the file is."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    private(unfinished)
    with closing(sqlite3.connect(unfinished)) as copy:
        connection.backup(copy)
    unfinished.rename(target)


def _version(connection: sqlite3.Connection, path: str, newest: int) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > newest and _mark(connection) == _MARK + found:
        raise StoreError(
            f"{path}: schema version {found}: this program knows versions up to {newest}; "
            "install the newer version again, or move the file aside to start with an empty one"
        )
    if found > newest or (found < newest and not _is_of(connection, found)):
        raise DamagedError(f"{path}: schema version {found}: its tables are of another")
    return found


def _is_of(connection: sqlite3.Connection, version: int) -> bool:
    with closing(_made(version)) as made:
        return _tables(connection) == _tables(made)


def _mark(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("PRAGMA application_id").fetchone()[0]
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
