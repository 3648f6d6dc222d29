"""All sessions: from the running bridge if there is one, else read from the file by this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from bridge.cli.asking import WITHIN_S, asked
from bridge.cli.meant import meant
from bridge.core.rows import OfferedAgain, Session
from bridge.folders import CommandError, Folders
from bridge.local.orders import ListSessions, OfferAgain, Page, Reply
from bridge.store import Database, StoreError
from bridge.store.sessions import Sessions

PAGE_SESSIONS = 500


def every_session(folders: Folders) -> Iterator[Session]:
    """Yields sessions, the oldest first. Raises CommandError."""
    store = meant(folders)
    if store.of_bridge:
        yield from _paged(lambda after: _asked(folders, after).sessions)
        return
    try:
        with closing(Sessions.open(store.database)) as read:
            yield from _paged(lambda after: read.sessions(after, PAGE_SESSIONS))
    except StoreError as error:
        raise CommandError(str(error)) from error


def offer_again(folders: Folders, row_id: int) -> None:
    """Offers a dead-lettered session again; recorded when this returns. Raises CommandError."""
    store = meant(folders)
    if store.of_bridge:
        reply = asked(folders.runtime, OfferAgain(row_id), Reply, WITHIN_S)
        if reply.status != "Accepted":
            why = f"is not sent again: {reply.why}" if reply.why else "is no longer a dead letter"
            raise CommandError(f"session {row_id} {why}")
        return
    try:
        with closing(Database(store.database)) as written:
            written.apply((OfferedAgain(row_id),))
    except StoreError as error:
        raise CommandError(str(error)) from error


def _asked(folders: Folders, after: int) -> Page:
    page = asked(folders.runtime, ListSessions(after), Page, WITHIN_S)
    if page.why:
        raise CommandError(page.why)
    return page


def _paged(page: Callable[[int], Sequence[Session]]) -> Iterator[Session]:
    after = 0
    while sessions := page(after):
        if sessions[-1].row.row_id <= after:
            raise CommandError("the bridge lists the same sessions again and again: restart it")
        yield from sessions
        after = sessions[-1].row.row_id
