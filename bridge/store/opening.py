"""Opening the store of a box that has to start: a damaged file is kept, and what can be read goes on."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from bridge.store.database import Database
from bridge.store.errors import DamagedError
from bridge.store.salvage import salvage
from hal import durable

_ASIDE = ".damaged-"
_UNFINISHED = ".salvaged"
_PARTS = ("", "-wal", "-journal", _UNFINISHED, f"{_UNFINISHED}-wal")

log = logging.getLogger(__name__)


def opened(path: Path, now: datetime) -> Database:
    """Opens the store; `now`, in UTC, names the damaged file. Raises StoreError for other trouble.

    What the two configuration files say is not in the store: identity and limits of the box stay as they are.
    """
    _clear_place(path, now)
    _finish(path)
    try:
        return _checked(path)
    except DamagedError as error:
        _replace(path, error, now)
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


def _clear_place(path: Path, now: datetime) -> None:
    """Moves away what is no file and stands where one belongs: SQLite would never open it."""
    for suffix in _PARTS:
        part = Path(f"{path}{suffix}")
        if durable.is_no_file(part):
            kept = f"{path}{_ASIDE}{now:%Y%m%dT%H%M%SZ}{suffix}"
            part.rename(kept)
            log.critical("%s is no file: it is kept as %s", part, kept)


def _finish(path: Path) -> None:
    """Ends what a power cut has interrupted: the damaged file is only moved when the new one is whole."""
    salvaged = Path(f"{path}{_UNFINISHED}")
    if salvaged.exists() and not path.exists():
        salvaged.rename(path)


def _replace(path: Path, error: DamagedError, now: datetime) -> None:
    """Puts in its place what can be read of it."""
    salvaged = Path(f"{path}{_UNFINISHED}")
    for suffix in ("", "-wal"):
        Path(f"{salvaged}{suffix}").unlink(missing_ok=True)
    lost = salvage(path, salvaged)
    kept = _set_aside(path, now)
    salvaged.rename(path)
    log.critical(
        "%s: the damaged database is kept as %s; what can be read of it goes on, and this is lost:",
        error,
        kept,
    )
    for line in lost:
        log.error("%s: %s", path.name, line)


def _set_aside(path: Path, now: datetime) -> Path:
    """Renames it with its WAL, so that SQLite finds it: a tool may still save what can be read."""
    kept = path.with_name(f"{path.name}{_ASIDE}{now:%Y%m%dT%H%M%SZ}")
    for suffix in ("-wal", ""):
        part = Path(f"{path}{suffix}")
        if part.exists():
            part.rename(f"{kept}{suffix}")
    return kept
