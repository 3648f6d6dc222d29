"""The store for the event loop: one thread writes, the loop reads, another thread copies.

The only threads of the store are here.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from bridge.core.rows import Change
from bridge.store.columns import text_of
from bridge.store.copying import copied
from bridge.store.database import Database, address
from bridge.store.errors import StoreError, naming
from bridge.store.opening import opened
from bridge.store.reads import Reads

T = TypeVar("T")


class Writer(Reads):
    """Made by `open`, ended by `close`. The reads are those of `Reads`, made in the thread of the event loop
    through a connection of their own that cannot write; they see every batch whose `apply` has returned.
    """

    def __init__(
        self, database: Database, reading: sqlite3.Connection, path: Path, thread: ThreadPoolExecutor
    ) -> None:
        super().__init__(reading, str(path))
        self._database = database
        self._thread = thread
        self._closed = False

    @classmethod
    async def open(cls, path: Path) -> Writer:
        """Opens or creates the file, as `opening.opened`. Raises: StoreError as `Database` does."""
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        try:
            database, reading = await _in(thread, lambda: _connected(path))
        except StoreError:
            thread.shutdown(wait=False)
            raise
        return cls(database, reading, path, thread)

    async def apply(self, changes: Sequence[Change]) -> None:
        """Returns when the batch is durable, as `Database.apply` says. Batches are written in the order of
        the calls, also one whose caller is cancelled meanwhile.

        Raises: StoreError, with nothing of this batch stored and everything of the earlier ones.
        """
        if self._closed:
            raise StoreError(f"{self._path}: {len(changes)} changes were not stored: the store is closed")
        await _in(self._thread, lambda: self._database.apply(changes))

    async def close(self) -> None:
        """Writes what was handed over, then closes the file. A second call has no effect."""
        if not self._closed:
            self._closed = True
            self._connection.close()  # first, so that the last to leave can fold the WAL into the file
            await _in(self._thread, self._database.close)
            self._thread.shutdown()


async def copied_apart(path: Path) -> Path:
    """Copies a store beside it in a thread of its own, as `copying.copied`: it is written meanwhile.
    Raises StoreError."""
    return await asyncio.to_thread(copied, path, path.parent)


def _connected(path: Path) -> tuple[Database, sqlite3.Connection]:
    """Opens a connection that writes, for the thread that calls this, and one that reads, for another."""
    database = opened(path, datetime.now(UTC))
    try:
        with naming(str(path), "could not be opened for reading"):
            reading = sqlite3.connect(address(path), uri=True, isolation_level=None, check_same_thread=False)
            reading.text_factory = text_of
            reading.execute("PRAGMA query_only = ON")
    except StoreError:
        database.close()
        raise
    return database, reading


async def _in(thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    """Shields it: what is handed over is carried out even if nobody waits for it any more."""
    return await asyncio.shield(asyncio.get_running_loop().run_in_executor(thread, work))
