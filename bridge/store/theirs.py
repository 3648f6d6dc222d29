"""Reads what a program of the box keeps in its own folder, as root may: no link in it is followed.

Whoever has taken over that program can put anything there. The folder itself lies in one of root's, so nobody
can put another in its place.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_LINK = "is a link, must be the file itself: whoever can write there may have made it; remove it"
_WAL = "-wal"


def read(path: Path, most_bytes: int) -> bytes:
    """Reads an ordinary file, whose owner is that of the folder. Raises OSError."""
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most_bytes:
            raise OSError(errno.EFBIG, f"has {size} bytes, must have {most_bytes} at most", str(path))
        return file.read(most_bytes)


def copy_of_store(database: Path, folder: Path) -> Path:
    """Copies a store that nobody writes, with its WAL, into a folder of ours. Raises OSError, also when it
    was written meanwhile."""
    wal = Path(f"{database}{_WAL}")
    before = _seen(database), _seen(wal)
    _copy(database, folder)
    if os.path.lexists(wal):
        _copy(wal, folder)
    if (_seen(database), _seen(wal)) != before:
        raise OSError(errno.EBUSY, "is written at this moment; try again", str(database))
    return folder / database.name


def remove(path: Path) -> None:
    """Removes a file of that folder, if it is there; never what a link names. Raises OSError."""
    with suppress(FileNotFoundError), _folder(path.parent) as folder:
        os.unlink(path.name, dir_fd=folder)


def _copy(path: Path, folder: Path) -> None:
    with _opened(path) as file, (folder / path.name).open("wb") as copy:
        shutil.copyfileobj(file, copy)


def _seen(path: Path) -> tuple[int, int]:
    """Returns size and time of change; zeros: there is none."""
    try:
        seen = path.lstat()
    except FileNotFoundError:
        return 0, 0
    return seen.st_size, seen.st_mtime_ns


@contextmanager
def _folder(path: Path) -> Iterator[int]:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield folder
    finally:
        os.close(folder)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with _folder(path.parent) as folder:
        wanted = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(path.name, wanted, dir_fd=folder)
        except OSError as error:
            why = _LINK if error.errno == errno.ELOOP else error.strerror
            raise OSError(error.errno, why, str(path)) from None
        with os.fdopen(descriptor, "rb") as file:
            _require_theirs(os.fstat(descriptor), os.fstat(folder), path)
            yield file


def _require_theirs(seen: os.stat_result, folder: os.stat_result, path: Path) -> None:
    """Demands what its owner has made, or we: a second name of another's file still belongs to that other."""
    if not stat.S_ISREG(seen.st_mode):
        raise OSError(errno.EINVAL, "must be an ordinary file", str(path))
    is_ours = seen.st_uid == os.geteuid() and seen.st_nlink == 1
    if seen.st_uid != folder.st_uid and not is_ours:
        why = f"belongs to user {seen.st_uid}, must belong to user {folder.st_uid} as its folder: sudo chown"
        raise OSError(errno.EPERM, why, str(path))
