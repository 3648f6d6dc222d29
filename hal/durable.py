"""A small file that must outlast a power cut, read whatever the card has made of it."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import stat
from pathlib import Path

UNREADABLE = ".unreadable"  # the ending of what is set aside
_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


def write(path: Path, content: bytes) -> None:
    """Leaves the old file or the whole new one, on the disk when this returns. Raises OSError."""
    unfinished = path.with_name(path.name + ".new")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    put_in_place(unfinished, path)


def put_in_place(unfinished: Path, path: Path) -> None:
    """Renames what is on the disk already; the new name is there too when this returns. Raises OSError."""
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: Path, most_bytes: int) -> bytes:
    """Reads it whole, without waiting. Raises OSError, also for what is no ordinary file or too long:
    a person may name a device, and a file system that was damaged may show a pipe there, or gigabytes."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    seen = os.fstat(descriptor)
    if (kind := stat.S_IFMT(seen.st_mode)) != stat.S_IFREG:
        os.close(descriptor)
        what = _KINDS.get(kind, "something else")
        raise OSError(errno.EINVAL, f"is {what}, must be an ordinary file", str(path))
    with os.fdopen(descriptor, "rb") as file:
        if seen.st_size > most_bytes:
            raise OSError(errno.EFBIG, f"has {seen.st_size} bytes, must have {most_bytes} at most", str(path))
        return file.read(most_bytes)


def is_no_file(path: Path) -> bool:
    """Says whether something else stands there: a folder, a pipe, a circle of links. A link to a disk that is
    not there is no such thing: the disk may come."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        return error.errno == errno.ELOOP


def set_aside(path: Path) -> bool:
    """Renames it, so that its place is free; what was set aside before gives way. On a disk that takes
    nothing it stays. Says whether its place is free."""
    kept = path.with_suffix(UNREADABLE)
    with contextlib.suppress(OSError):
        if path.is_dir() or kept.is_dir():  # a folder takes no file's place, nor a file a folder's
            kept.rename(_unused(path.with_suffix(f"{UNREADABLE}-before")))
    with contextlib.suppress(OSError):
        path.replace(kept)
    return not os.path.lexists(path)


def _unused(path: Path) -> Path:
    """Returns it, or it with the first number under which nothing stands."""
    names = itertools.chain([path], (path.with_name(f"{path.name}-{n}") for n in itertools.count(2)))
    return next(name for name in names if not os.path.lexists(name))
