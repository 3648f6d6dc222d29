"""The errors of the store, and how SQLite's own errors become them.

StoreError
├── ChangeError    a bug of the caller: trying again cannot help
└── DamagedError   the file is no database any more
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

# SQLite's primary result codes, https://sqlite.org/rescode.html
_NEXT_STEP = {
    sqlite3.SQLITE_FULL: "free space on its disk",
    sqlite3.SQLITE_READONLY: "make the file, its folder and its disk writable for this user",
    sqlite3.SQLITE_CANTOPEN: "its folder must exist and be writable for this user",
    sqlite3.SQLITE_BUSY: "another program holds it: try again, or end that program",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: the bridge sets it aside at its next start",
    sqlite3.SQLITE_NOTADB: "this is no database: the bridge sets it aside at its next start",
}
_PRIMARY_CODE_BITS = 0xFF  # an extended result code carries the primary one in its lowest byte


class StoreError(Exception):
    """The store could not do what was asked; nothing of the batch that raised it is stored."""


class ChangeError(StoreError):
    """A change that cannot follow what is stored, or holds a value that cannot be stored. A bug, said loudly:
    the same batch will never succeed, however often it is tried.
    """


class DamagedError(StoreError):
    """What the file holds cannot be trusted: it is to be kept, and another one begun."""


_DAMAGED = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))


# Not the fault of what the file holds: the disk, its rights, another program.
_OF_ITS_PLACE = (
    *_NEXT_STEP.keys() - _DAMAGED, sqlite3.SQLITE_PERM, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_AUTH,
)  # fmt: skip


@contextmanager
def judging(path: str, trouble: str) -> Iterator[None]:
    """Is `naming` for what reads the file as a whole: whatever is not the fault of its place is damage."""
    try:
        with naming(path, trouble):
            yield
    except StoreError as error:
        cause = error.__cause__
        if isinstance(cause, sqlite3.Error) and _code(cause) not in _OF_ITS_PLACE:
            raise DamagedError(str(error)) from cause
        raise


@contextmanager
def naming(path: str, trouble: str) -> Iterator[None]:
    """Turns SQLite's errors, and values it cannot hold, into a StoreError that names `path` and `trouble`.

    Raises: StoreError; ChangeError where it is the value or the change, not the disk, that is at fault.
    """
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise ChangeError(f"{path}: {trouble}: {error}") from error
    except sqlite3.Error as error:
        kind = DamagedError if _code(error) in _DAMAGED else StoreError
        raise kind(f"{path}: {trouble}: {_explained(error)}") from error
    except (
        UnicodeDecodeError
    ) as error:  # in SQLite's own words: the names of our tables are not theirs any more
        raise DamagedError(f"{path}: {trouble}: {error}") from error
    except (ValueError, OverflowError) as error:
        raise ChangeError(f"{path}: {trouble}: a value that cannot be stored: {error}") from error


def _explained(error: sqlite3.Error) -> str:
    step = _NEXT_STEP.get(_code(error))
    return f"{error}" if step is None else f"{error}; {step}"


def _code(error: sqlite3.Error) -> int:
    """Returns the primary code; SQLITE_OK, 0, on errors of the Python side."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & _PRIMARY_CODE_BITS
