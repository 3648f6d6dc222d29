"""Opening the store of a box that has to start: a damaged file is kept aside, and an empty one begun."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from bridge.store.database import Database
from bridge.store.errors import DamagedError

_ASIDE = ".damaged-"

log = logging.getLogger(__name__)


def opened(path: Path, now: datetime) -> Database:
    """Opens the store; `now`, in UTC, names the damaged file. Raises StoreError for other trouble.

    What the two configuration files say is not in the store: identity and limits of the box stay as they are.
    """
    try:
        return _checked(path)
    except DamagedError as error:
        kept = _set_aside(path, now)
        log.critical(
            "%s: the damaged database is kept as %s; sessions that only it knew are not reported", error, kept
        )
        return Database(path)


def set_aside(path: Path) -> list[Path]:
    """Lists the damaged files that were kept, the oldest first."""
    return sorted(
        file for file in path.parent.glob(f"{path.name}{_ASIDE}*") if not file.name.endswith("-wal")
    )


def _checked(path: Path) -> Database:
    database = Database(path)
    try:
        database.check()
    except DamagedError:
        database.close()
        raise
    return database


def _set_aside(path: Path, now: datetime) -> Path:
    """Renames it with its WAL, so that SQLite finds it: a tool may still save what can be read."""
    kept = path.with_name(f"{path.name}{_ASIDE}{now:%Y%m%dT%H%M%SZ}")
    for suffix in ("-wal", ""):
        part = Path(f"{path}{suffix}")
        if part.exists():
            part.rename(f"{kept}{suffix}")
    return kept
