"""A file of one of our programs, copied before a trial and set out to be put back; the program is stopped.

Its folder belongs to that program, which may be in a stranger's hands: only plain files of its own are
copied, and no link is followed.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from deploy.slots import trees
from deploy.slots.disk import Disk, Rights

BACK = ".before"  # the ending under which a file waits, in its own folder, to be put back
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def copy(disk: Disk, path: Path, to: Path) -> None:
    """Copies it with its rights; what is not there gives no copy. Raises OSError."""
    try:
        descriptor = os.open(path, _READ)
    except FileNotFoundError:
        return
    with os.fdopen(descriptor, "rb") as file:
        rights = _rights(file.fileno(), path)
        disk.write(to, iter(lambda: file.read(trees.CHUNK), b""), rights)


def _rights(descriptor: int, path: Path) -> Rights:
    seen = os.fstat(descriptor)
    if not stat.S_ISREG(seen.st_mode) or seen.st_uid != path.parent.stat().st_uid:
        raise OSError(errno.EPERM, "must be a plain file of its program's own user", str(path))
    return Rights(stat.S_IMODE(seen.st_mode) & 0o666, (seen.st_uid, seen.st_gid))


def waiting(path: Path) -> Path:
    """Returns where `set_out` lets the copy of that file wait."""
    return path.with_name(f"{path.name}{BACK}")


def set_out(disk: Disk, source: Path, path: Path) -> None:
    """Lets a copy wait beside the file. It gets a second name, which needs no room, so that the copy is still
    whole if all this has to be done again. Raises OSError."""
    target = waiting(path)
    trees.discard(disk, target)
    try:
        disk.give_second_name(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM):  # another file system, or one without such names
            raise
        seen = source.lstat()
        rights = Rights(stat.S_IMODE(seen.st_mode), (seen.st_uid, seen.st_gid))
        disk.write(target, trees.content(source), rights)
        disk.sync(target)
