"""A whole copy of the store as of one moment, also while this process writes to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bridge.store.database import Database, address
from bridge.store.errors import StoreError, naming
from bridge.store.private import private

COPY_SUFFIX = ".copy"


def copy_beside(source: Path) -> Path:
    """Returns where the bridge makes a copy of its store."""
    return source.with_name(f"{source.name}{COPY_SUFFIX}")


def copied(source: Path, folder: Path) -> Path:
    """Copies it to a file in that folder, which nobody but its owner reads, and returns that file. Root
    must name a folder in which nobody else writes: a link there would be followed.

    Raises: StoreError when there is none, another process has it, or the disk is full; DamagedError when
    what was copied cannot be relied on.
    """
    target = folder / copy_beside(source).name
    try:
        _copy(source, target)
        with closing(Database(target)) as copy:
            copy.check()
    except StoreError:
        discard(target)
        raise
    return target


def discard(copy: Path) -> None:
    """Removes a copy, and what SQLite may have left beside it."""
    for suffix in ("", "-wal", "-journal"):
        Path(f"{copy}{suffix}").unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        raise StoreError(f"{source}: there is none; the bridge makes it at its first start")
    try:
        discard(target)
        private(target)
    except OSError as error:
        raise StoreError(f"{target}: {error.strerror}; make room or use the rights of its user") from None
    with naming(str(source), "could not be copied"):
        opened = sqlite3.connect(address(source), uri=True, isolation_level=None)
        with closing(opened) as reading, closing(sqlite3.connect(target)) as copy:
            reading.backup(copy)
