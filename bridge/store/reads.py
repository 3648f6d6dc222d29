"""What can be asked of the store. Every answer comes from one statement, so it is of one moment."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from bridge.core.charging_profile import ChargingProfile
from bridge.core.id_tag import IdTagInfo
from bridge.core.rows import DimmingRow, MessageRef, Pending, Sample, Session, TransactionRow
from bridge.store.columns import KINDS, ROW, SAMPLE, payload_of, row_of, sample_of
from bridge.store.columns import place as place_of
from bridge.store.dating import UNDATED
from bridge.store.dimmings import DIMMINGS, NEWEST_DIMMING, dimming_of
from bridge.store.errors import DamagedError, naming
from bridge.store.id_tags import CACHED, LIST_SIZE, LIST_VERSION, LISTED, info_of, tag_key
from bridge.store.profiles import ALL_PROFILES, profile_of

T = TypeVar("T")
WRONG = (ValueError, TypeError, ArithmeticError, RecursionError)  # of a value that is not as it was written
log = logging.getLogger(__name__)

_ROW = ", ".join(ROW)
_SAMPLE = ", ".join(SAMPLE)

OPEN_TRANSACTION = f"""
    SELECT {_ROW} FROM transactions WHERE stopped_at IS NULL
    ORDER BY row_id DESC LIMIT 1"""
# The subquery walks the primary key to its first record; the rest are look-ups by primary key.
HEAD = f"""
    SELECT place, first.seq, frozen, attempts, swallowed,
        {", ".join("row." + name for name in ROW)}, {_SAMPLE}
    FROM (SELECT * FROM outbox ORDER BY row_id, place, seq LIMIT 1) AS first
    JOIN transactions AS row ON row.row_id = first.row_id
    LEFT JOIN samples ON place = 1 AND samples.row_id = first.row_id AND samples.seq = first.seq"""
BACKLOG = "SELECT count(*) FROM outbox"
DEAD_LETTER_COUNT = "SELECT count(*) FROM transactions WHERE given_up IS NOT NULL"  # by its index
REMEMBERED = "SELECT name, value FROM remembered"
NEXT_ROW_ID = "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'transactions'"
NEXT_SEQ = "SELECT coalesce(max(seq) + 1, 0) FROM samples WHERE row_id = ?"
LAST_SAMPLE = f"SELECT {_SAMPLE} FROM samples WHERE row_id = ? ORDER BY seq DESC LIMIT 1"
LAST_PERIODIC = f"""
    SELECT {_SAMPLE} FROM samples WHERE row_id = ? AND context IN ('Transaction.Begin', 'Sample.Periodic')
    ORDER BY seq DESC LIMIT 1"""
STOP_SAMPLES = f"SELECT {_SAMPLE} FROM samples WHERE row_id = ? AND stop_measurands <> '' ORDER BY seq"
SAMPLE_COUNT = "SELECT count(*) FROM samples WHERE row_id = ?"
ONE_ROW = f"SELECT {_ROW} FROM transactions WHERE row_id = ?"
NEWEST_ROWS = f"SELECT {_ROW} FROM transactions ORDER BY row_id DESC LIMIT ? OFFSET ?"
DEAD_LETTERS = f"""
    SELECT {_ROW} FROM transactions WHERE given_up IS NOT NULL ORDER BY row_id LIMIT ? OFFSET ?"""
GIVEN_UP_FOR_NOW = """
    SELECT row_id FROM transactions WHERE given_up IS NOT NULL AND given_up_for_now ORDER BY row_id"""
NEXT_DIMMING_ID = "SELECT coalesce(max(dimming_id), 0) + 1 FROM dimmings"
SESSIONS = f"""
    SELECT {_ROW}, (SELECT count(*) FROM outbox WHERE outbox.row_id = transactions.row_id)
        + (SELECT count(*) FROM set_aside WHERE set_aside.row_id = transactions.row_id)
    FROM transactions WHERE row_id > ? ORDER BY row_id LIMIT ?"""
WAITS = """
    SELECT EXISTS (SELECT 1 FROM outbox WHERE row_id = ?1 AND place = ?2 AND seq = ?3)
    OR EXISTS (SELECT 1 FROM set_aside WHERE row_id = ?1 AND place = ?2 AND seq = ?3)"""


class Reads:
    """Questions to the store, each bounded in memory. Raises StoreError when the disk cannot be read.

    `spoilt`: why a row of a session or its messages cannot be read any more, though all could at the start.
    """

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path
        self.spoilt: DamagedError | None = None

    def open_transaction(self) -> TransactionRow | None:
        """Returns the newest row without a stop; also a dead-lettered one, since charging goes on in it."""
        found = self._one(OPEN_TRANSACTION)
        return None if found is None else self._made(row_of, found)

    def undated(self) -> bool:
        """Says whether some row has moments without a date."""
        return bool(self._number(UNDATED))

    def head(self) -> Pending | None:
        """Returns the oldest undelivered message: by row id; in a row start, samples by seq, stop.

        So values and stop only come up once StartTransaction is confirmed. Rows given up are passed over.
        """
        found = self._one(HEAD)
        return None if found is None else self._made(_pending_of, found)

    def waits(self, ref: MessageRef) -> bool:
        """Says whether this message is not delivered, even if its row is in the dead-letter list."""
        return bool(self._number(WAITS, ref.row_id, place_of(ref.kind), ref.seq))

    def given_up_for_now(self) -> tuple[int, ...]:
        """Returns the ids of dead-lettered rows that are to be offered again."""
        return tuple(row_id for (row_id,) in self._all(GIVEN_UP_FOR_NOW))

    def backlog(self) -> int:
        """Counts the messages that wait for delivery; those of dead-lettered rows are not counted."""
        return self._number(BACKLOG)

    def dead_letter_count(self) -> int:
        """Counts the dead-lettered rows."""
        return self._number(DEAD_LETTER_COUNT)

    def remembered(self) -> dict[str, str]:
        """Returns all named values."""
        return dict(self._all(REMEMBERED))

    def charging_profiles(self) -> tuple[ChargingProfile, ...]:
        """Returns all that are installed."""
        each = (readable("a charging profile", profile_of, found) for found in self._all(ALL_PROFILES))
        return tuple(profile for profile in each if profile is not None)

    def newest_dimming(self) -> DimmingRow | None:
        """Returns the last dimming of the grid operator, ended or not."""
        found = self._one(NEWEST_DIMMING)
        return None if found is None else readable("the last dimming", dimming_of, found)

    def dimmings(self, after: int, limit: int) -> list[DimmingRow]:
        """Returns dimmings with an id above `after`, the oldest first, without those that cannot be read."""
        each = (readable("a dimming", dimming_of, found) for found in self._all(DIMMINGS, after, limit))
        return [row for row in each if row is not None]

    def next_dimming_id(self) -> int:
        """Returns one above the highest that is kept; the first is 1."""
        return self._number(NEXT_DIMMING_ID)

    def listed(self, id_tag: str) -> IdTagInfo | None:
        """Returns the tag's entry in the local authorization list."""
        found = self._one(LISTED, tag_key(id_tag))
        return None if found is None else readable("an entry of the local list", info_of, found)

    def cached(self, id_tag: str) -> IdTagInfo | None:
        """Returns the tag's entry in the authorization cache."""
        found = self._one(CACHED, tag_key(id_tag))
        return None if found is None else readable("an entry of the cache", info_of, found)

    def list_version(self) -> int:
        """Returns that of the local authorization list; 0 when it is empty."""
        return self._number(LIST_VERSION)

    def list_size(self) -> int:
        """Counts the entries of the local authorization list."""
        return self._number(LIST_SIZE)

    def next_row_id(self) -> int:
        """Returns one above the highest ever used, whether or not that row still exists; the first is 1."""
        return self._number(NEXT_ROW_ID)

    def next_sample_seq(self, row_id: int) -> int:
        """Returns one above the row's last sample; the first is 0."""
        return self._number(NEXT_SEQ, row_id)

    def last_sample(self, row_id: int) -> Sample | None:
        """Returns the row's newest sample. None when it has none, or once its stop was delivered."""
        found = self._one(LAST_SAMPLE, row_id)
        return None if found is None else self._made(sample_of, found)

    def last_periodic(self, row_id: int) -> Sample | None:
        """Returns the row's newest sample taken at the begin or at the MeterValueSampleInterval."""
        found = self._one(LAST_PERIODIC, row_id)
        return None if found is None else self._made(sample_of, found)

    def stop_samples(self, row_id: int) -> list[Sample]:
        """Returns those for the row's transactionData, in order; none once its stop was delivered."""
        return [self._made(sample_of, found) for found in self._all(STOP_SAMPLES, row_id)]

    def sample_count(self, row_id: int) -> int:
        """Counts the samples kept of a row, delivered or not; 0 once its stop was delivered."""
        return self._number(SAMPLE_COUNT, row_id)

    def row(self, row_id: int) -> TransactionRow | None:
        """Returns the row; None: there is no such row."""
        found = self._one(ONE_ROW, row_id)
        return None if found is None else self._made(row_of, found)

    def rows(self, limit: int, offset: int = 0) -> list[TransactionRow]:
        """Returns the history, newest first."""
        return [self._made(row_of, found) for found in self._all(NEWEST_ROWS, limit, offset)]

    def dead_letters(self, limit: int = 100, offset: int = 0) -> list[TransactionRow]:
        """Returns dead-lettered rows, oldest first."""
        return [self._made(row_of, found) for found in self._all(DEAD_LETTERS, limit, offset)]

    def sessions(self, after: int, limit: int) -> list[Session]:
        """Returns sessions with an id above `after`, the oldest first."""
        return [self._made(session_of, found) for found in self._all(SESSIONS, after, limit)]

    def _all(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            with naming(self._path, "could not be read"):
                return self._connection.execute(statement, values).fetchall()
        except DamagedError as error:
            self.spoilt = error
            raise

    def _made(self, make: Callable[[Sequence[Any]], T], found: Sequence[Any]) -> T:
        """Makes what a row says. Raises DamagedError when it cannot be read, and notes that."""
        try:
            return make(found)
        except WRONG as error:
            self.spoilt = DamagedError(f"{self._path}: {found!r:.300} cannot be read: {error}")
            raise self.spoilt from error

    def _one(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        return next(iter(self._all(statement, *values)), None)

    def _number(self, statement: str, *values: object) -> int:
        ((number,),) = self._all(statement, *values)
        return int(number)


def session_of(values: Sequence[Any]) -> Session:
    """Makes a session from values in the order of SESSIONS."""
    *row, waiting = values
    return Session(row_of(row), waiting)


def _pending_of(values: Sequence[Any]) -> Pending:
    place, seq, frozen, attempts, swallowed, *rest = values
    row, sample = rest[: len(ROW)], rest[len(ROW) :]
    return Pending(
        ref=MessageRef(row[0], KINDS[place], seq),
        row=row_of(row),
        sample=sample_of(sample) if KINDS[place] == "values" else None,
        frozen=payload_of(frozen),
        attempts=attempts,
        swallowed=swallowed,
    )


def readable(what: str, read: Callable[[Sequence[Any]], T], found: Sequence[Any]) -> T | None:
    """Returns None for one that cannot be read: the others still count, and the program starts."""
    try:
        return read(found)
    except WRONG as error:
        log.error("%s cannot be read from the store and is passed over: %s", what, error)
        return None
