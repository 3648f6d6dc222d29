"""Copies what can be read of a damaged store into a new one, value by value. A session is never left out."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from bridge.store import schema
from bridge.store.columns import text_of
from bridge.store.database import PAGE_BYTES, Database, address
from bridge.store.mending import UNKNOWN_MOMENT, Found, Values, mend
from bridge.store.readable import LAST_ROW_ID, MESSAGE, TABLES, TRANSACTION, Reader, faults

MOST_GAP = 100_000  # numbers of sessions that are tried one by one
PROBED = 10_000  # of them at the least, where the list breaks off at both ends: 14 years of two a day
MOST_NOTES = 200
UNREADABLE = (sqlite3.Error, OverflowError, UnicodeDecodeError)  # the last of SQLite's own words
_OF_A_SESSION = ("started_at", "meter_start_wh", "stopped_at", "meter_stop_wh")
_ORDERS = ("", " DESC")
_UNREADABLE = "\udcff"  # no reader takes it
# https://sqlite.org/fileformat2.html 1.3: what the header of each of our files holds, by its place.
_HEADER = {
    0: b"SQLite format 3\0", 18: b"\2\2\0\x40\x20\x20", 44: b"\0\0\0\4", 52: b"\0\0\0\0\0\0\0\1",
    64: b"\0\0\0\0", 72: bytes(20),
}  # fmt: skip
_PAGE_SIZE_AT, _PAGE_SIZES = 16, (512, 1024, 2048, 4096)
_PAGES_AT, _PAGES_BYTES = 28, 12  # of the file, and of those that are free: SQLite counts them itself


def salvage(damaged: Path, target: Path) -> list[str]:
    """Makes a new store of what can be read of a damaged one, which is not touched. Returns what was lost.

    Raises: StoreError and OSError of the new file; then that is of no use.
    """
    with tempfile.TemporaryDirectory(prefix=".salvage-", dir=target.parent) as folder:
        copied = Path(folder) / "damaged.sqlite"
        for suffix in ("", "-wal"):
            if (part := Path(f"{damaged}{suffix}")).exists():
                shutil.copyfile(part, f"{copied}{suffix}")
        _mend_header(copied)
        _mend_schema(copied)
        with closing(Database(target)) as into, closing(_opened(copied)) as source:
            salvaging = _Salvaging(source)
            into.fill(salvaging.rows())
    return salvaging.notes


class _Salvaging:
    """`rows` once; then `notes` say what could not be read."""

    def __init__(self, source: sqlite3.Connection) -> None:
        self._source = source
        self._notes: list[str] = []
        self._left_out = 0
        self._failed = 0  # questions that ended in an error

    @property
    def notes(self) -> list[str]:
        """Returns a line for each loss, up to so many."""
        more = [f"... and {self._left_out} more"] if self._left_out else []
        return self._notes + more

    def rows(self) -> Iterator[tuple[str, Values]]:
        """Yields (table, values), in an order in which they can be stored."""
        sessions, before = self._sessions(), UNKNOWN_MOMENT
        newest = max(sessions, default=0)
        for row_id, values in sorted(sessions.items()):
            found = self._session(row_id, values)
            mend(found, before, is_newest=row_id == newest)
            for note in found.notes:
                self._note(f"session {row_id}: {note}")
            before = found.row["started_at"]
            yield from _rows_of(found)
        for table in ("remembered", "authorization_cache", "dimmings"):
            yield from ((table, values) for values in self._readable(table, f"SELECT * FROM {table}"))
        for profile in self._readable("charging_profiles", "SELECT * FROM charging_profiles"):
            if profile["row_id"] is None or profile["row_id"] in sessions:
                yield "charging_profiles", profile
        yield from self._local_list()
        yield "sqlite_sequence", {"name": "transactions", "seq": self._last_number(newest)}

    def _sessions(self) -> dict[int, Sequence[Any]]:
        """Reads them from both ends, and what is between by number, a column at a time if need be."""
        if (1,) not in list(self._select("SELECT 1 FROM sqlite_schema WHERE name = 'transactions'")):
            return {}
        found = self._listed()
        numbers = {row_id for order in _ORDERS for row_id in self._numbers(order)}
        between = range(1, min(max(found.keys() | numbers | {PROBED}), MOST_GAP))
        for row_id in (numbers | set(between)) - found.keys():
            if not self._is_there(row_id):
                continue
            values = [self._column(row_id, column) for column in TRANSACTION]
            if _is_session(values):
                found[row_id] = values
        return found

    def _listed(self) -> dict[int, Sequence[Any]]:
        """Reads them in their order. Of two with one number, one answers to it; the other gets its own."""
        asked = "SELECT * FROM transactions ORDER BY row_id"
        rising, falling = (list(self._select(f"{asked}{order}")) for order in _ORDERS)
        known = set(rising)
        rows = [*rising, *(each for each in reversed(falling) if each not in known)]
        rows = [each for each in rows if _is_session(each)]
        taken, found, last = {values[0] for values in rows}, dict[int, Sequence[Any]](), 0
        for values in rows:
            row_id = values[0]
            if not 1 <= row_id <= LAST_ROW_ID or self._is_anothers(values):
                free = last + 1 not in taken and not self._is_there(last + 1)
                row_id = last + 1 if free else max(taken) + 1
                self._note(f"session {row_id}: was numbered {values[0]}")
                taken.add(row_id)
            found[row_id] = (row_id, *values[1:])
            last = row_id
        return found

    def _is_anothers(self, values: Sequence[Any]) -> bool:
        """Says whether its number leads to another session."""
        answers = list(self._select("SELECT * FROM transactions WHERE row_id = ?", values[0]))
        return bool(answers) and tuple(values) not in answers

    def _numbers(self, order: str) -> Iterator[int]:
        yield from (
            row_id for (row_id,) in self._select(f"SELECT row_id FROM transactions ORDER BY row_id{order}")
        )

    def _is_there(self, row_id: int) -> bool:
        asked = "SELECT 1 FROM transactions WHERE row_id = ?"
        return 1 <= row_id <= LAST_ROW_ID and any(self._select(asked, row_id))

    def _column(self, row_id: int, column: str) -> object:
        asked = f"SELECT {column} FROM transactions WHERE row_id = ?"
        return next(self._select(asked, row_id), (_UNREADABLE,))[0]

    def _session(self, row_id: int, values: Sequence[Any]) -> Found:
        row = _by_column(TRANSACTION, values)
        wrong = faults(TRANSACTION, list(row.values()))
        found = Found(row | dict.fromkeys(wrong), set(wrong))
        found.notes += [f"{column}: {why}" for column, why in wrong.items()]
        asked = "SELECT * FROM samples WHERE row_id = ? ORDER BY seq"
        failed = self._failed
        samples = self._readable("samples", asked, row_id)
        found.samples += (sample | {"row_id": row_id} for sample in samples)  # it was found under that number
        for table in ("outbox", "set_aside"):
            for message in self._messages(table, row_id):
                found.messages.setdefault((message["place"], message["seq"]), message)
                found.was_dead = found.was_dead or table == "set_aside"
        found.uncertain = self._failed > failed
        return found

    def _messages(self, table: str, row_id: int) -> Iterator[Values]:
        """Yields even one of which what was frozen or counted cannot be read."""
        nothing = {"frozen": None, "attempts": 0, "swallowed": 0}
        for values in self._select(f"SELECT * FROM {table} WHERE row_id = ?", row_id):
            message = _by_column(MESSAGE, values)
            wrong = faults(MESSAGE, list(message.values()))
            for column, why in wrong.items():
                self._note(f"session {row_id}: {table}.{column}: {why}")
            if wrong.keys() <= nothing.keys():
                yield message | {column: nothing[column] for column in wrong} | {"row_id": row_id}

    def _local_list(self) -> Iterator[tuple[str, Values]]:
        """OCPP 1.6 5.10: version 0 is that of no list, so the Central System sends one that lacks entries."""
        notes = len(self._notes)
        yield from (
            ("local_list", values) for values in self._readable("local_list", "SELECT * FROM local_list")
        )
        asked = "SELECT * FROM local_list_version"
        version = next(self._readable("local_list_version", asked), {"version": 0})
        yield "local_list_version", version if len(self._notes) == notes else {"version": 0}

    def _last_number(self, highest: int) -> int:
        """Returns the highest number of a session that was ever given."""
        asked = "SELECT seq FROM sqlite_sequence WHERE name = 'transactions'"
        given = next(self._select(asked), (0,))[0]
        sound = isinstance(given, int) and highest <= given <= highest + MOST_GAP
        return int(given) if sound else highest

    def _readable(self, table: str, asked: str, *values: object) -> Iterator[Values]:
        """Yields rows of which every value can be read."""
        readers, _ = TABLES[table]
        for found in self._select(asked, *values):
            row = _by_column(readers, found)
            wrong = faults(readers, list(row.values()))
            if wrong:
                self._note(f"{table}: {row} is dropped: {wrong}")
            else:
                yield row

    def _select(self, asked: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Yields until something cannot be read."""
        try:
            yield from self._source.execute(asked, values)
        except UNREADABLE as error:
            self._failed += 1
            self._note(f"{asked.split(' WHERE')[0]}: {error}")

    def _note(self, line: str) -> None:
        if len(self._notes) < MOST_NOTES:
            self._notes.append(line[:500])
        else:
            self._left_out += 1


def _is_session(values: Sequence[Any]) -> bool:
    """Says whether anything can be read of it that only a session has: else it is no row, but noise."""
    row = _by_column(TRANSACTION, values)
    wrong = faults(TRANSACTION, list(row.values()))
    return any(row[column] is not None and column not in wrong for column in _OF_A_SESSION)


def _rows_of(found: Found) -> Iterator[tuple[str, Values]]:
    yield "transactions", found.row
    if found.messages or found.row["stopped_at"] is None:  # else nobody needs its samples any more
        yield from (("samples", sample) for sample in found.samples)
    table = "outbox" if found.row["given_up"] is None else "set_aside"
    yield from ((table, message) for message in found.messages.values())


def _by_column(readers: Mapping[str, Reader], values: Sequence[Any]) -> Values:
    """Names them: columns were only ever added at the end. No column holds bytes: it was a text."""
    texts = (text_of(value) if isinstance(value, bytes) else value for value in values)
    return dict(zip(readers, (*texts, *[None] * len(readers)), strict=False))


def _opened(path: Path) -> sqlite3.Connection:
    """Opens it so that a table which is not well described takes no other with it."""
    connection = sqlite3.connect(address(path), uri=True, isolation_level=None)
    connection.text_factory = text_of
    connection.execute("PRAGMA writable_schema = ON")
    return connection


def _mend_header(path: Path) -> None:
    """Writes what any header of ours says; the size of a page is what it was, or was likely to be."""
    with path.open("r+b") as file:
        for place, content in _HEADER.items():
            file.seek(place)
            file.write(content)
        file.seek(_PAGES_AT)
        file.write(bytes(_PAGES_BYTES))
        file.seek(_PAGE_SIZE_AT)
        if int.from_bytes(file.read(2), "big") not in _PAGE_SIZES:
            file.seek(_PAGE_SIZE_AT)
            file.write(PAGE_BYTES.to_bytes(2, "big"))


def _mend_schema(path: Path) -> None:
    """Writes what our tables are, in the order in which they were made. What cannot be written stays."""
    with closing(_opened(path)) as connection, suppress(*UNREADABLE):
        standing = set(connection.execute("SELECT rowid, type, name, tbl_name, sql FROM sqlite_schema"))
        for number, *words in (row for row in schema.newest_schema() if row not in standing):
            with suppress(*UNREADABLE):
                connection.execute(
                    "UPDATE sqlite_schema SET type = ?, name = ?, tbl_name = ?, sql = ? WHERE rowid = ?",
                    (*words, number),
                )
