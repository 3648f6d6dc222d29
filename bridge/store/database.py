"""The store, synchronous: for tests, for tools, and inside the thread of `Writer`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from bridge.core.rows import Attempted, Change, Frozen, SampleTaken, Swallowed
from bridge.store import changes as change_tables
from bridge.store import schema
from bridge.store.columns import text_of
from bridge.store.errors import DamagedError, StoreError, judging, naming
from bridge.store.inspection import faulty
from bridge.store.private import private
from bridge.store.reads import Reads

IN_MEMORY = ":memory:"
# Of new files. Each change writes its pages whole, and the disk takes 4096 at a time: see `make bench`.
PAGE_BYTES = 512


def address(path: Path) -> str:
    """Returns a URI of the file for SQLite: one process has it, with as many connections as it likes.

    So the index of the WAL is in its memory. In a -shm file, for others, it would be written to the card at
    every change: more than all that is worth keeping. While it is open nothing else in the process may open
    and close the file: that would end the lock, fcntl(2).
    """
    return f"{path.absolute().as_uri()}?vfs=unix-excl"


class Database(Reads):
    """One SQLite file in WAL mode, or ":memory:". The object belongs to the thread that made it, the file to
    the process: another gets "locked" (see `address`).
    """

    def __init__(self, path: Path | str) -> None:
        """Opens or creates the file and brings it to the newest schema.

        Raises: StoreError when it cannot, and for a file written by a newer version of this program.
        """
        with naming(str(path), "could not be opened"):
            where = IN_MEMORY
            if path != IN_MEMORY:
                with suppress(OSError):  # SQLite says better why the file cannot be used
                    private(Path(path))
                where = address(Path(path))
            connection = sqlite3.connect(where, uri=True, isolation_level=None)
            connection.text_factory = text_of
        super().__init__(connection, str(path))
        try:
            with judging(self._path, "could not be opened"):
                self._prepare()
        except StoreError:
            self.close()
            raise

    def apply(self, changes: Sequence[Change]) -> None:
        """Makes a batch durable, whole and in order.

        It survives the end of the process in every case. It survives a power cut too, with all batches before
        it, unless it holds nothing but samples, frozen payloads and attempts: those last ones may be lost
        together, newest first, until a batch of another kind follows.

        Changes to messages that are already delivered have no effect: an answer may come twice.
        Raises: StoreError for a disk error: nothing of the batch is stored, it may be applied again;
        ChangeError for an unknown row, a change that cannot follow what is stored, or a value that cannot
        be: nothing of the batch is stored, and never will be.
        """
        if changes:
            with naming(self._path, f"{len(changes)} changes were not stored"), self._transaction(changes):
                for change in changes:
                    change_tables.make(self._connection, change)

    def fill(self, rows: Iterable[tuple[str, Mapping[str, object]]]) -> None:
        """Stores rows of a new store as they are: (table, values by column). Raises StoreError."""
        with naming(self._path, "what was read could not be stored"), self._transaction(()):
            for table in ("local_list_version", "sqlite_sequence"):
                self._connection.execute(f"DELETE FROM {table}")
            for table, values in rows:
                places = ", ".join("?" * len(values))
                self._connection.execute(
                    f"INSERT OR REPLACE INTO {table} ({', '.join(values)}) VALUES ({places})",
                    tuple(values.values()),
                )

    def check(self) -> None:
        """Reads the whole file. Raises: DamagedError when it, or a value in it, is not as it was written."""
        with judging(self._path, "could not be read"):
            found = faulty(self._connection)
        if found:
            raise DamagedError(f"{self._path}: {found}")

    def close(self) -> None:
        """Closes it; after this the object is of no use."""
        self._connection.close()

    def _prepare(self) -> None:
        self._connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        # What is deleted is overwritten where that costs no write; Debian's SQLite overwrites all of it.
        self._connection.execute("PRAGMA secure_delete = FAST")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.execute("PRAGMA synchronous = FULL")
        mode = self._connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != ("memory" if self._path == IN_MEMORY else "wal"):
            raise StoreError(f"{self._path}: journal mode {mode}, must be wal: use a local disk")
        schema.migrate(self._connection, self._path)

    @contextmanager
    def _transaction(self, changes: Sequence[Change]) -> Iterator[None]:
        # WAL: FULL syncs at each commit, NORMAL only at checkpoints; the order of commits is kept by both.
        minor = all(isinstance(change, SampleTaken | Frozen | Attempted | Swallowed) for change in changes)
        self._connection.execute(f"PRAGMA synchronous = {'NORMAL' if minor else 'FULL'}")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
