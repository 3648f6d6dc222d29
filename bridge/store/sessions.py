"""The store of a bridge that does not run, for its owner's eyes: it only reads."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bridge.core.rows import Session
from bridge.store import theirs
from bridge.store.columns import text_of
from bridge.store.database import address
from bridge.store.errors import StoreError, naming
from bridge.store.reads import SESSIONS, Reads, readable, session_of
from bridge.store.schema import newest_version

_MEMORY = "/dev/shm"  # can be written on a box whose card cannot


class Sessions(Reads):
    """Made by `open`, ended by `close`."""

    def __init__(self, connection: sqlite3.Connection, path: str, ending: ExitStack) -> None:
        super().__init__(connection, path)
        self._ending = ending

    @classmethod
    def open(cls, path: Path) -> Sessions:
        """Opens it. Raises StoreError when there is no store, another version, or a bridge holds it."""
        with ExitStack() as ending:
            try:
                readable = path if _is_ours(path) else _copy(path, ending)
            except FileNotFoundError:
                raise StoreError(
                    f"{path}: there is none; the bridge makes it at its first start. Or name its --state-dir"
                ) from None
            except OSError as error:
                raise StoreError(f"{path}: {error.strerror}: use the rights of its user, or sudo") from error
            with naming(str(path), "could not be opened for reading"):
                connection = sqlite3.connect(address(readable), uri=True, isolation_level=None)
                ending.callback(connection.close)
                connection.text_factory = text_of
                connection.execute("PRAGMA query_only = ON")
            sessions = cls(connection, str(path), ending.pop_all())
        try:
            sessions._require_version()
        except StoreError:
            sessions.close()
            raise
        return sessions

    def close(self) -> None:
        """Closes it; after this the object is of no use."""
        self._ending.close()

    def sessions(self, after: int, limit: int) -> list[Session]:
        """Returns those that can be read; the next start of the bridge mends the others."""
        found = (readable("a session", session_of, each) for each in self._all(SESSIONS, after, limit))
        return [session for session in found if session is not None]

    def _require_version(self) -> None:
        (found,) = self._one("PRAGMA user_version") or (0,)
        if found != newest_version():
            raise StoreError(
                f"{self._path}: schema version {found}, must be {newest_version()}: "
                "start the bridge of this version once, or use the program that wrote it"
            )


def _is_ours(path: Path) -> bool:
    """Says whether SQLite may open it where it is: it writes beside it, and follows a link that whoever has
    the folder may have made."""
    path.stat()  # raises OSError
    writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    return writable and path.parent.stat().st_uid == os.geteuid()


def _copy(path: Path, ending: ExitStack) -> Path:
    """Copies it with its WAL, which SQLite cannot read where it cannot write. Raises OSError."""
    folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="evse-", dir=_MEMORY)))
    return theirs.copy_of_store(path, folder)
