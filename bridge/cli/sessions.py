"""`evse-bridge sessions`: what was charged, and what the Central System does not have yet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from bridge.cli import books
from bridge.cli.meant import meant
from bridge.core.rows import Session
from bridge.folders import CommandError, Folders, MisuseError
from bridge.local.session_table import COLUMNS, cells, delivery, moment
from bridge.store.opening import set_aside


def listed(folders: Folders, *, undelivered: bool) -> Iterator[str]:
    """Makes a line for each session, the oldest first. Raises CommandError."""
    yield from _of(folders)
    shown = 0
    for session in _sessions(folders, undelivered=undelivered):
        shown += 1
        yield _line(session)
    if shown == 0:
        yield "every session is delivered" if undelivered else "no session yet"


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


def _line(session: Session) -> str:
    row = session.row
    started, stopped = moment(row.started_at), moment(row.stopped_at) or "-"
    energy = "-" if session.energy_wh is None else f"{session.energy_wh / 1000:.3f}"
    line = f"{row.row_id:>5}  {started:<20}  {stopped:<20}  {row.id_tag or '(none)':<20}"
    line += f"  {energy:>9} kWh  {row.stop_reason or '-':<14}  {delivery(session)}"
    if session.waiting and row.given_up is None:
        line += f" ({session.waiting} messages wait)"
    if row.time_estimated:
        line += " (time estimated)"
    if row.given_up is not None:
        again = (
            "it is sent again automatically"
            if row.given_up_for_now
            else f"--resend {row.row_id} sends it again"
        )
        line += f": {row.given_up}; {again}"
    return line
