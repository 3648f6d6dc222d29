"""The store of a bridge that does not run, for its owner's eyes: it only reads."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bridge.store.database import address
from bridge.store.errors import StoreError, naming
from bridge.store.reads import Reads
from bridge.store.schema import newest_version


class Sessions(Reads):
    """Made by `open`, ended by `close`."""

    @classmethod
    def open(cls, path: Path) -> Sessions:
        """Raises: StoreError when there is no store there, one of another version, or a bridge holds it."""
        try:
            path.stat()
        except FileNotFoundError:
            raise StoreError(f"{path}: there is none; the bridge makes it at its first start") from None
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}: use the rights of its user, or sudo") from error
        with naming(str(path), "could not be opened for reading"):
            connection = sqlite3.connect(f"{address(path)}&mode=ro", uri=True, isolation_level=None)
        sessions = cls(connection, str(path))
        try:
            sessions._require_version()
        except StoreError:
            sessions.close()
            raise
        return sessions

    def close(self) -> None:
        """After this the object is of no use."""
        self._connection.close()

    def _require_version(self) -> None:
        (found,) = self._one("PRAGMA user_version") or (0,)
        if found != newest_version():
            raise StoreError(
                f"{self._path}: schema version {found}, must be {newest_version()}: "
                "start the bridge of this version once, or use the program that wrote it"
            )
