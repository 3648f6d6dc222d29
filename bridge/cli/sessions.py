"""`evse-bridge sessions`: what was charged, and what the Central System does not have yet."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from json import dumps
from pathlib import Path

from msgspec import to_builtins

from bridge.cli import books, looking, session_lines
from bridge.cli.looking import USUAL_COLUMNS
from bridge.cli.meant import meant
from bridge.core.rows import Session
from bridge.folders import CommandError, Folders, MisuseError
from bridge.local.session_seen import seen
from bridge.local.session_table import COLUMNS, cells, delivery
from bridge.store.opening import set_aside


def listed(folders: Folders, *, undelivered: bool) -> Iterator[str]:
    """Makes a table of the sessions, the oldest first, in local time. Raises CommandError."""
    yield from _of(folders)
    shown, columns = 0, shutil.get_terminal_size((USUAL_COLUMNS, 24)).columns
    for session in _sessions(folders, undelivered=undelivered):
        if shown == 0:
            yield session_lines.HEAD
        shown += 1
        yield from session_lines.lines(session, _so_far_wh(folders, session), None, columns)
    if shown == 0:
        yield "every session is delivered" if undelivered else "no session yet"


def as_json(folders: Folders, *, undelivered: bool) -> str:
    """Returns all as one JSON array. Raises CommandError."""
    return dumps([to_builtins(seen(each)) for each in _sessions(folders, undelivered=undelivered)])


def _so_far_wh(folders: Folders, session: Session) -> int | None:
    """Asks the bridge about the session that runs; None: it has ended, or nobody can say."""
    if delivery(session) != "charging" or not meant(folders).of_bridge:
        return None
    try:
        running = looking.seen(folders.runtime).session
    except CommandError:
        return None
    return running.energy_wh if running is not None and running.number == session.row.row_id else None


def export(folders: Folders, file: Path, *, undelivered: bool) -> Iterator[str]:
    """Writes CSV (RFC 4180, UTF-8) and says how many sessions. Raises CommandError when the sessions cannot
    be read, before the file is touched, or when the file cannot be written."""
    rows = [cells(session) for session in _sessions(folders, undelivered=undelivered)]
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([COLUMNS, *rows])
    except OSError as error:
        raise CommandError(
            f"{file}: {error.strerror}: name a file in a folder that you may write to"
        ) from error
    yield from _of(folders)
    yield f"{len(rows)} session{'s' * (len(rows) != 1)} written to {file}"


def resend(folders: Folders, row_id: int) -> str:
    """Queues a dead letter to be sent once more: by a running bridge at its next step, else when the bridge
    starts. Raises CommandError.
    """
    given_up = {each.row.row_id for each in _sessions(folders, undelivered=True) if each.row.given_up}
    if row_id not in given_up:
        those = ", ".join(map(str, sorted(given_up))) or "none"
        raise MisuseError(f"--resend {row_id}: must be the number of a dead letter ({those})")
    books.offer_again(folders, row_id)
    return f"session {row_id} will be sent to the Central System again"


def _of(folders: Folders) -> Iterator[str]:
    """Says whose sessions they are, if that is not as usual, what holds them up, and which are missing."""
    store = meant(folders)
    if store.trial:
        yield f"{store.trial}: no session starts, ends or is sent before that is over"
    if store.elsewhere:
        yield f"sessions of {store.database}, which the bridge at {folders.runtime} uses"
    for file in set_aside(store.database):
        yield f"A DAMAGED database was renamed to {file}. Sessions that only it contains are not listed here."


def _sessions(folders: Folders, *, undelivered: bool) -> Iterator[Session]:
    return (each for each in books.every_session(folders) if not (undelivered and each.delivered))
