"""What each change of the core does to the tables. Runs inside the transaction of its batch."""

from __future__ import annotations

import sqlite3
from typing import assert_never

from bridge.core.rows import (
    Attempted,
    CacheCleared,
    Change,
    Dated,
    Delivered,
    DimmingNoted,
    Frozen,
    GivenUp,
    LocalListSent,
    MessageRef,
    OfferedAgain,
    ProfileInstalled,
    ProfilesRemoved,
    Remembered,
    SampleTaken,
    StartConfirmed,
    Swallowed,
    TagCached,
    TransactionRow,
    TransactionStarted,
    TransactionStopped,
)
from bridge.store import dating, dimmings, id_tags, profiles, samples
from bridge.store.columns import KINDS, moment_text, payload_text, place, row_of
from bridge.store.errors import ChangeError
from bridge.store.reads import NEXT_ROW_ID, ONE_ROW

_WAITING = ("outbox", "set_aside")  # where the messages of living rows and of dead letters wait
_MESSAGE = "row_id = ? AND place = ? AND seq = ?"
_STOP_PLACE = KINDS.index("stop")


def make(connection: sqlite3.Connection, change: Change) -> None:
    """Makes one change. It may have begun when it raises: the batch is rolled back.

    Raises: ChangeError for a change that cannot follow what is stored; sqlite3.Error; ValueError and
    OverflowError for values that cannot be stored.
    """
    match change:
        case TransactionStarted(row):
            _start(connection, row)
        case SampleTaken():
            _add_sample(connection, change)
        case TransactionStopped():
            _stop(connection, change)
        case Dated():
            dating.make(connection, change)
        case Frozen() | Attempted() | Swallowed() | StartConfirmed() | Delivered():
            _make_of_message(connection, change)
        case GivenUp():
            _give_up(connection, change)
        case OfferedAgain(row_id):
            _offer(connection, row_id)
        case Remembered(name, value):
            _remember(connection, name, value)
        case ProfileInstalled() | ProfilesRemoved():
            profiles.make(connection, change)
        case LocalListSent() | TagCached() | CacheCleared():
            id_tags.make(connection, change)
        case DimmingNoted(row):
            dimmings.make(connection, row)
        case _:
            assert_never(change)


def _make_of_message(
    connection: sqlite3.Connection, change: Frozen | Attempted | Swallowed | StartConfirmed | Delivered
) -> None:
    match change:
        case Frozen():
            _freeze(connection, change)
        case Attempted(ref):
            _alter(connection, ref, "attempts = attempts + 1", ())
        case Swallowed(ref):
            _alter(connection, ref, "swallowed = swallowed + 1", ())
        case StartConfirmed():
            _confirm_start(connection, change)
        case Delivered(ref):
            _deliver(connection, ref)
        case _:
            assert_never(change)


def _start(connection: sqlite3.Connection, row: TransactionRow) -> None:
    (free,) = connection.execute(NEXT_ROW_ID).fetchone()
    if row.row_id < free:
        raise ChangeError(f"row {row.row_id} cannot start: ids below {free} were used; take next_row_id()")
    if (row.transaction_id, row.id_tag_status, row.stopped_at, row.given_up) != (None, None, None, None):
        raise ChangeError(f"row {row.row_id} cannot start with an answer, a stop or as a dead letter: {row}")
    connection.execute(
        "INSERT INTO transactions"
        " (row_id, boot_id, connector_id, id_tag, parent_id_tag, meter_start_wh, started_at, reservation_id,"
        " time_estimated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.row_id,
            row.boot_id,
            row.connector_id,
            row.id_tag,
            row.parent_id_tag,
            row.meter_start_wh,
            moment_text(row.started_at),
            row.reservation_id,
            row.time_estimated,
        ),
    )
    _queue(connection, row, MessageRef(row.row_id, "start"))


def _add_sample(connection: sqlite3.Connection, change: SampleTaken) -> None:
    row = _row(connection, change.row_id)
    if _finished(connection, row):
        raise ChangeError(f"row {row.row_id} takes no sample {change.seq}: its stop is delivered")
    samples.add(connection, change)
    if change.sample.measurands:
        _queue(connection, row, MessageRef(row.row_id, "values", change.seq))


def _stop(connection: sqlite3.Connection, change: TransactionStopped) -> None:
    row = _row(connection, change.row_id)
    if row.stopped_at is not None:
        raise ChangeError(f"row {row.row_id} cannot stop at {change.stopped_at}: it did at {row.stopped_at}")
    connection.execute(
        "UPDATE transactions SET stopped_at = ?, meter_stop_wh = ?, stop_reason = ?, stop_id_tag = ?,"
        " stop_estimated = ?, time_estimated = max(time_estimated, ?) WHERE row_id = ?",
        (
            moment_text(change.stopped_at),
            change.meter_stop_wh,
            change.reason,
            change.id_tag,
            change.estimated,
            change.time_estimated,
            row.row_id,
        ),
    )
    _queue(connection, row, MessageRef(row.row_id, "stop"))


def _confirm_start(connection: sqlite3.Connection, change: StartConfirmed) -> None:
    """Keeps the first answer: a transactionId never changes. If it names no parent, a known one is kept."""
    row = _row(connection, change.row_id)
    if row.transaction_id is not None and row.transaction_id != change.transaction_id:
        raise ChangeError(
            f"row {row.row_id} has the transactionId {row.transaction_id}: it cannot become "
            f"{change.transaction_id}; drop the second answer"
        )
    connection.execute(
        "UPDATE transactions SET transaction_id = ?, id_tag_status = ?,"
        " parent_id_tag = coalesce(?, parent_id_tag) WHERE row_id = ?",
        (change.transaction_id, change.id_tag_status, change.parent_id_tag, row.row_id),
    )
    _remove(connection, MessageRef(row.row_id, "start"))


def _freeze(connection: sqlite3.Connection, change: Frozen) -> None:
    text = payload_text(change.payload)
    for statement in (f"SELECT frozen FROM {table} WHERE {_MESSAGE}" for table in _WAITING):
        found = connection.execute(statement, _key(change.ref)).fetchone()
        if found is not None and found[0] not in (None, text):
            raise ChangeError(f"{change.ref} is frozen as {found[0]}: it cannot become {text}")
    _alter(connection, change.ref, "frozen = ?", (text,))


def _deliver(connection: sqlite3.Connection, ref: MessageRef) -> None:
    if ref.kind == "start" and _row(connection, ref.row_id).transaction_id is None:
        raise ChangeError(f"{ref} is delivered by StartConfirmed, which carries its transactionId")
    if not _remove(connection, ref):
        _require_known(connection, ref)
    elif ref.kind == "stop":
        _finish(connection, ref.row_id)


def _finish(connection: sqlite3.Connection, row_id: int) -> None:
    """Ends a row whose stop is delivered: nothing may follow it, and nobody needs the samples any more."""
    for table in _WAITING:
        if connection.execute(f"SELECT 1 FROM {table} WHERE row_id = ? LIMIT 1", (row_id,)).fetchone():
            raise ChangeError(f"row {row_id}: its stop cannot be delivered before its other messages")
    connection.execute("DELETE FROM samples WHERE row_id = ?", (row_id,))


def _give_up(connection: sqlite3.Connection, change: GivenUp) -> None:
    _row(connection, change.row_id)
    connection.execute(
        "UPDATE transactions SET given_up = ?, given_up_for_now = ? WHERE row_id = ?",
        (change.why, change.for_now, change.row_id),
    )
    _move(connection, change.row_id, "outbox", "set_aside")


def _offer(connection: sqlite3.Connection, row_id: int) -> None:
    _row(connection, row_id)
    connection.execute(
        "UPDATE transactions SET given_up = NULL, given_up_for_now = 0 WHERE row_id = ?", (row_id,)
    )
    _move(connection, row_id, "set_aside", "outbox")


def _move(connection: sqlite3.Connection, row_id: int, source: str, target: str) -> None:
    connection.execute(f"INSERT INTO {target} SELECT * FROM {source} WHERE row_id = ?", (row_id,))
    connection.execute(f"DELETE FROM {source} WHERE row_id = ?", (row_id,))


def _remember(connection: sqlite3.Connection, name: str, value: str | None) -> None:
    if value is None:
        connection.execute("DELETE FROM remembered WHERE name = ?", (name,))
    else:
        connection.execute(
            "INSERT INTO remembered (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )


def _row(connection: sqlite3.Connection, row_id: int) -> TransactionRow:
    found = connection.execute(ONE_ROW, (row_id,)).fetchone()
    if found is None:
        raise ChangeError(f"row {row_id} is not in the store: TransactionStarted comes first")
    return row_of(found)


def _key(ref: MessageRef) -> tuple[int, int, int]:
    return ref.row_id, place(ref.kind), ref.seq


def _queue(connection: sqlite3.Connection, row: TransactionRow, ref: MessageRef) -> None:
    table = "outbox" if row.given_up is None else "set_aside"
    connection.execute(f"INSERT INTO {table} (row_id, place, seq) VALUES (?, ?, ?)", _key(ref))


def _alter(connection: sqlite3.Connection, ref: MessageRef, assignment: str, values: tuple[str, ...]) -> None:
    """Alters a message that waits; without effect on one that is delivered."""
    statements = (f"UPDATE {table} SET {assignment} WHERE {_MESSAGE}" for table in _WAITING)
    if not sum(connection.execute(statement, (*values, *_key(ref))).rowcount for statement in statements):
        _require_known(connection, ref)


def _remove(connection: sqlite3.Connection, ref: MessageRef) -> bool:
    """Removes the message, and says whether it was still waiting."""
    statements = (f"DELETE FROM {table} WHERE {_MESSAGE}" for table in _WAITING)
    return sum(connection.execute(statement, _key(ref)).rowcount for statement in statements) > 0


def _require_known(connection: sqlite3.Connection, ref: MessageRef) -> None:
    """Demands that a message that does not wait was delivered, and is not one that never existed."""
    row = _row(connection, ref.row_id)
    known = {
        "start": ref.seq == 0,
        "values": _finished(connection, row) or _has_sample(connection, ref),
        "stop": ref.seq == 0 and row.stopped_at is not None,
    }
    if not known[ref.kind]:
        raise ChangeError(f"{ref} is no message of the store: the change that makes it comes first")


def _has_sample(connection: sqlite3.Connection, ref: MessageRef) -> bool:
    found = connection.execute("SELECT 1 FROM samples WHERE row_id = ? AND seq = ?", (ref.row_id, ref.seq))
    return found.fetchone() is not None


def _finished(connection: sqlite3.Connection, row: TransactionRow) -> bool:
    """Says whether the stop is delivered, and with it the row."""
    if row.stopped_at is None:
        return False
    stop = (row.row_id, _STOP_PLACE, 0)
    statements = (f"SELECT 1 FROM {table} WHERE {_MESSAGE}" for table in _WAITING)
    return all(connection.execute(statement, stop).fetchone() is None for statement in statements)
