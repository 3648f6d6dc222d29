"""The store of a backup made ready for its box: of the newest form, checked, what is uncertain held back."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bridge.backup.errors import BackupError
from bridge.core.rows import GivenUp
from bridge.store import Database, StoreError

_PAGE_SESSIONS = 500


@dataclass(frozen=True, slots=True)
class Ready:
    """A store as it is to be placed."""

    database: bytes
    sessions: int
    uncertain: tuple[int, ...]  # numbers of sessions that became dead letters


def ready(database: bytes, folder: Path, uncertain: str) -> Ready:
    """Migrates it in that folder, which nobody else reads. `uncertain`: why what is not delivered may have
    been sent since, so that it is not sent by itself; empty: it was not. Raises BackupError."""
    path = folder / "store"
    path.write_bytes(database)
    try:
        with closing(Database(path)) as store:
            store.check()
            numbers = _undelivered(store)
            if uncertain:
                store.apply([GivenUp(number, uncertain) for number in numbers])
            sessions = len(store.rows(limit=-1))
    except StoreError as error:
        raise BackupError(f"its store cannot be used: {str(error).removeprefix(f'{path}: ')}") from None
    return Ready(path.read_bytes(), sessions, numbers if uncertain else ())


def _undelivered(store: Database) -> tuple[int, ...]:
    """Lists sessions of which a message may still be sent: they wait, run, or are offered again later."""
    found: list[int] = []
    after = 0
    while page := store.sessions(after, _PAGE_SESSIONS):
        after = page[-1].row.row_id
        for session in page:
            row = session.row
            if not session.delivered and (row.given_up is None or row.given_up_for_now):
                found.append(row.row_id)
    return tuple(found)
