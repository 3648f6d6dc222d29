"""The file of the history, history.sqlite: written seldom, as it lies on an SD card, and never trusted."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge.local.history.days import Register
from hal import durable

FILE_NAME = "history.sqlite"
PRIVATE = 0o600
KEPT_S = 48 * 3600
KEPT_DAYS = 3 * 366
AHEAD_S = 3600  # a sample that is newer than now by more is of a clock that was wrong

SCHEMA = """
CREATE TABLE IF NOT EXISTS samples (
    at INTEGER PRIMARY KEY, power_w REAL, l1_a REAL, l2_a REAL, l3_a REAL, offered_a REAL
) STRICT;
CREATE TABLE IF NOT EXISTS days (day TEXT PRIMARY KEY, energy_wh INTEGER, whole INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS register (
    only INTEGER PRIMARY KEY CHECK (only = 1), serial TEXT, energy_wh INTEGER, at REAL, day TEXT
) STRICT;
"""

Sample = tuple[int, float, float, float, float, float]  # at, W, A on each phase, A offered
Day = tuple[int, bool]  # Wh, whole

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a start needs of the file."""

    days: dict[str, Day]
    register: Register | None


class Record:
    """The file. All of it belongs to one thread."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._file: sqlite3.Connection | None = None

    def open(self) -> Remembered:
        """Reads what a start needs; a damaged file is set aside. Raises sqlite3.Error, OSError on a disk that
        takes nothing."""
        if durable.is_no_file(self._path):
            self._set_aside("it is no ordinary file")
        try:
            return self._opened()
        except sqlite3.DatabaseError as error:
            self.close()
            self._set_aside(error)
            return self._opened()

    def write(
        self, samples: Iterable[Sample], days: dict[str, Day], register: Register | None, now_s: float
    ) -> None:
        """Adds samples, and puts these days and this register in place of the old. Raises sqlite3.Error."""
        file = self._open_file()
        with file:
            file.executemany("INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?, ?)", samples)
            file.execute("DELETE FROM samples WHERE at < ? OR at > ?", (now_s - KEPT_S, now_s + AHEAD_S))
            rows = [(day, energy_wh, int(whole)) for day, (energy_wh, whole) in days.items()]
            file.executemany("INSERT OR REPLACE INTO days VALUES (?, ?, ?)", rows)
            oldest = "SELECT day FROM days ORDER BY day DESC LIMIT -1 OFFSET ?"
            file.execute(f"DELETE FROM days WHERE day IN ({oldest})", (KEPT_DAYS,))
            if register is not None:
                row = (register.serial, register.energy_wh, register.at_s, register.day)
                file.execute("INSERT OR REPLACE INTO register VALUES (1, ?, ?, ?, ?)", row)

    def samples(self, since_s: float) -> Sequence[Sample]:
        """Returns them in order. Raises sqlite3.Error."""
        columns = "at, power_w, l1_a, l2_a, l3_a, offered_a"
        chosen = f"SELECT {columns} FROM samples WHERE at >= ? ORDER BY at"
        return self._open_file().execute(chosen, (since_s,)).fetchall()

    def close(self) -> None:
        """Closes the file, if it is open."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def _open_file(self) -> sqlite3.Connection:
        if self._file is None:
            raise sqlite3.OperationalError("the history is not open")
        return self._file

    def _opened(self) -> Remembered:
        self._path.touch(PRIVATE)
        file = self._file = sqlite3.connect(self._path, check_same_thread=False)
        file.execute("PRAGMA journal_mode = TRUNCATE")
        file.executescript(SCHEMA)
        rows = file.execute("SELECT day, energy_wh, whole FROM days").fetchall()
        last = file.execute("SELECT serial, energy_wh, at, day FROM register").fetchone()
        file.execute("SELECT max(at) FROM samples").fetchone()
        register = Register(*last) if last is not None and None not in last[1:] else None
        return Remembered({day: (int(wh or 0), bool(whole)) for day, wh, whole in rows}, register)

    def _set_aside(self, error: sqlite3.Error | str) -> None:
        """Says where the old file is, and that the plots begin anew."""
        with contextlib.suppress(OSError):
            self._path.with_name(f"{FILE_NAME}-journal").unlink()
        aside = durable.set_aside(self._path)
        where = f"it is renamed to {self._path.with_suffix(durable.UNREADABLE).name}" if aside else "it stays"
        log.error("%s is damaged (%s); %s, and the plots begin anew", self._path, error, where)
