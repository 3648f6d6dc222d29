"""All sessions: from the running bridge if there is one, else read from the file by this process.

Both at once cannot be: SQLite's lock on the file is held by a bridge as long as it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from bridge.cli.asking import NoBridgeError, asked
from bridge.compose import DATABASE_NAME
from bridge.core.rows import OfferedAgain, Session
from bridge.folders import CommandError, Folders
from bridge.local.orders import ListSessions, OfferAgain, Page, Reply
from bridge.store import Database, StoreError
from bridge.store.sessions import Sessions

WITHIN_S = 10.0
PAGE_SESSIONS = 500


def every_session(folders: Folders) -> Iterator[Session]:
    """Yields sessions, the oldest first. Raises CommandError."""
    if _is_of_a_bridge(folders):
        yield from _paged(lambda after: _asked(folders, after).sessions)
        return
    try:
        with closing(Sessions.open(database(folders))) as store:
            yield from _paged(lambda after: store.sessions(after, PAGE_SESSIONS))
    except StoreError as error:
        raise CommandError(str(error)) from error


def offer_again(folders: Folders, row_id: int) -> None:
    """Offers a dead-lettered session again; recorded when this returns. Raises CommandError."""
    if _is_of_a_bridge(folders):
        if asked(folders.runtime, OfferAgain(row_id), Reply, WITHIN_S).status != "Accepted":
            raise CommandError(f"session {row_id} is no longer a dead letter")
        return
    try:
        with closing(Database(database(folders))) as store:
            store.apply((OfferedAgain(row_id),))
    except StoreError as error:
        raise CommandError(str(error)) from error


def database(folders: Folders) -> Path:
    """Returns the file of all sessions."""
    return folders.state_of("bridge") / DATABASE_NAME


def _is_of_a_bridge(folders: Folders) -> bool:
    """Says whether the bridge that listens there has this file; it may be another wallbox's."""
    try:
        return _asked(folders, after=0).database == str(database(folders).resolve())
    except NoBridgeError:
        return False


def _asked(folders: Folders, after: int) -> Page:
    page = asked(folders.runtime, ListSessions(after), Page, WITHIN_S)
    if page.why:
        raise CommandError(page.why)
    return page


def _paged(page: Callable[[int], Sequence[Session]]) -> Iterator[Session]:
    after = 0
    while sessions := page(after):
        yield from sessions
        after = sessions[-1].row.row_id
