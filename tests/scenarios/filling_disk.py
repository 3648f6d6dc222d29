"""The disk of the pure world: it may be full, or slow."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing

from bridge.core.rows import Change
from bridge.store import StoreError
from bridge.store.database import IN_MEMORY, Database
from tests.scenarios.trace import stored

SLOW_S = 2.0


class Disk(Database):
    """The store in memory."""

    def __init__(self) -> None:
        super().__init__(IN_MEMORY)
        self.full = False
        self.slow_s = 0.0  # how long each batch takes

    def contents(self) -> dict[str, list[tuple[object, ...]]]:
        """What it holds (`trace.py`)."""
        return stored(self._connection)

    def copied(self) -> Disk:
        """A copy of all that it holds, as root makes one before a trial."""
        copy = Disk()
        self._connection.backup(copy._connection)
        return copy

    def tables(self) -> dict[str, list[dict[str, object]]]:
        """All of it, row by row."""
        names = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        found: dict[str, list[dict[str, object]]] = {}
        for (name,) in names:
            rows = self._connection.execute(f"SELECT * FROM {name}")
            columns = [column[0] for column in rows.description]
            found[name] = [dict(zip(columns, row, strict=True)) for row in rows.fetchall()]
        return found

    def image(self) -> bytes:
        """The whole file."""
        return self._connection.serialize()

    def become_image(self, image: bytes) -> None:
        """Holds what another file holds."""
        with tempfile.NamedTemporaryFile(prefix="evse-") as file:
            file.write(image)
            file.flush()
            with closing(sqlite3.connect(file.name)) as other:
                other.backup(self._connection)

    def become(self, what: str) -> None:
        """`full` or `free`, `slow` or `fast`."""
        match what:
            case "full" | "free":
                self.full = what == "full"
            case _:
                self.slow_s = SLOW_S if what == "slow" else 0.0

    def apply(self, changes: Sequence[Change]) -> None:
        """Raises: StoreError while it is full."""
        if self.full and changes:
            raise StoreError("the disk is full")
        super().apply(changes)

    def close(self) -> None:
        """Raises: DamagedError when the bridge has written what it would not read."""
        self.check()
        super().close()
