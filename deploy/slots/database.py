"""The bridge's database, copied before a trial and put back after it; its programs are stopped.

The folder belongs to the bridge, and the bridge may be in a stranger's hands: only plain files of its own are
copied, and no link is followed. Its write-ahead log belongs to it: both or none are put back.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from deploy.slots import trees
from deploy.slots.disk import Disk, Rights
from deploy.slots.names import DATABASE, SHARED_MEMORY
from deploy.slots.places import Places

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
BACK = ".before"  # the ending under which a file waits, in the bridge's folder, to be put back


def copy(disk: Disk, places: Places, folder: Path) -> None:
    """Copies it into a folder that is there. Raises OSError."""
    if not places.bridge.is_dir():  # the bridge has never run
        return
    owner = places.bridge.stat().st_uid
    for name in DATABASE:
        try:
            descriptor = os.open(places.bridge / name, _READ)
        except FileNotFoundError:
            continue
        with os.fdopen(descriptor, "rb") as file:
            rights = _rights(file.fileno(), owner, places.bridge / name)
            disk.write(folder / name, iter(lambda: file.read(trees.CHUNK), b""), rights)


def _rights(descriptor: int, owner: int, path: Path) -> Rights:
    seen = os.fstat(descriptor)
    if not stat.S_ISREG(seen.st_mode) or seen.st_uid != owner:
        raise OSError(errno.EPERM, "must be a plain file of the bridge's own user", str(path))
    return Rights(stat.S_IMODE(seen.st_mode) & 0o666, (seen.st_uid, seen.st_gid))


def restore(disk: Disk, places: Places) -> None:
    """Puts the copy in its place, without any room on the disk. Raises OSError.

    Until all of it is done nobody may open what is there: trial.json stands that long.
    """
    if not places.bridge.is_dir():
        return
    kept = [name for name in DATABASE if (places.copy / name).exists()]
    for name in kept:
        _set_out(disk, places.copy / name, places.bridge / f"{name}{BACK}")
    for name in (*DATABASE[1:], SHARED_MEMORY, *DATABASE[:1]):
        trees.discard(disk, places.bridge / name)
    for name in kept:
        disk.rename(places.bridge / f"{name}{BACK}", places.bridge / name)
    disk.sync(places.bridge)


def _set_out(disk: Disk, source: Path, target: Path) -> None:
    """Gives the copy a second name, so that the copy is still whole if all this has to be done again."""
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
