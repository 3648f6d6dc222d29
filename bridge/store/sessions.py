"""The owner's view of the store: it only reads, also while the bridge runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.core.rows import TransactionRow
from bridge.store.columns import ROW, row_of
from bridge.store.errors import StoreError, naming
from bridge.store.reads import Reads
from bridge.store.schema import newest_version

_SESSIONS = f"""
    SELECT {", ".join(ROW)},
        (SELECT count(*) FROM outbox WHERE outbox.row_id = transactions.row_id)
        + (SELECT count(*) FROM set_aside WHERE set_aside.row_id = transactions.row_id)
    FROM transactions ORDER BY row_id"""


@dataclass(frozen=True, slots=True)
class Session:
    """A transaction and how many of its messages the Central System has not taken."""

    row: TransactionRow
    waiting: int

    @property
    def delivered(self) -> bool:
        """Whole."""
        return self.row.stopped_at is not None and self.waiting == 0

    @property
    def energy_wh(self) -> int | None:
        """None while it runs."""
        stop_wh = self.row.meter_stop_wh
        return None if stop_wh is None else stop_wh - self.row.meter_start_wh


class Sessions(Reads):
    """Made by `open`, ended by `close`."""

    @classmethod
    def open(cls, path: Path) -> Sessions:
        """Raises: StoreError when there is no store there, or one of another version."""
        if not path.is_file():
            raise StoreError(f"{path}: there is none; the bridge makes it at its first start")
        with naming(str(path), "could not be opened for reading"):
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
            )
        sessions = cls(connection, str(path))
        try:
            sessions._require_version()
        except StoreError:
            sessions.close()
            raise
        return sessions

    def all(self) -> Iterator[Session]:
        """The oldest first, one at a time. Raises StoreError."""
        with naming(self._path, "could not be read"):
            for *row, waiting in self._connection.execute(_SESSIONS):
                yield Session(row_of(row), waiting)

    def close(self) -> None:
        """After this the object is of no use."""
        self._connection.close()

    def _require_version(self) -> None:
        (found,) = self._one("PRAGMA user_version") or (0,)
        if found != newest_version():
            raise StoreError(
                f"{self._path}: schema version {found}, must be {newest_version()}: "
                "start the bridge of this version once, or use the program that wrote it"
            )
