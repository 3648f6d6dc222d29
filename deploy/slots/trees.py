"""Whole folders: copied, removed, put in their place. A power cut leaves them whole or not there."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from deploy.slots.disk import READABLE, Disk, Rights
from deploy.slots.names import UNFINISHED

CHUNK = 2**20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class TreeError(Exception):
    """Something in a folder is neither a file, a folder nor a link."""


def copy(disk: Disk, source: Path, target: Path) -> None:
    """Copies a folder of root's with its links and its right to execute. Raises OSError, TreeError."""
    disk.make_folder(target)
    for entry in sorted(os.scandir(source), key=lambda each: each.name):
        path, new = source / entry.name, target / entry.name
        if entry.is_symlink():
            disk.link(new, str(path.readlink()))
        elif entry.is_dir(follow_symlinks=False):
            copy(disk, path, new)
        elif entry.is_file(follow_symlinks=False):
            executable = entry.stat(follow_symlinks=False).st_mode & stat.S_IXUSR
            disk.write(new, content(path), Rights(0o755 if executable else 0o644))
        else:
            raise TreeError(f"{path}: must be a file, a folder or a link")


def content(path: Path) -> Iterator[bytes]:
    """Reads a file piece by piece. Raises OSError."""
    with os.fdopen(os.open(path, _READ), "rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def remove(disk: Disk, path: Path) -> None:
    """Removes whatever stands there, if anything does. Raises OSError."""
    if not os.path.lexists(path):
        return
    if path.is_dir() and not path.is_symlink():
        for each in sorted(path.iterdir()):
            remove(disk, each)
        disk.remove_folder(path)
    else:
        disk.remove(path)


def unfinished(path: Path) -> Path:
    """Returns the name under which it is made, and removed."""
    return path.with_name(path.name + UNFINISHED)


def finish(disk: Disk, path: Path) -> None:
    """Gives `unfinished(path)` its own name, when all of it is on the disk. Raises OSError."""
    disk.sync_all(path.parent)
    disk.rename(unfinished(path), path)
    disk.sync(path.parent)


def remove_whole(disk: Disk, path: Path) -> None:
    """Removes a folder that nobody may ever see in part. Raises OSError."""
    if os.path.lexists(path):
        remove(disk, unfinished(path))
        disk.rename(path, unfinished(path))
        disk.sync(path.parent)
        remove(disk, unfinished(path))


def replace(disk: Disk, path: Path, text: str, rights: Rights = READABLE) -> None:
    """Leaves the old file or the whole new one, on the disk when this returns. Raises OSError.

    The folder may be another user's: nothing in it is followed or emptied.
    """
    new = _unused(path)
    disk.write(new, [text.encode()], rights)
    disk.sync(new)
    move_folder(disk, path)
    disk.rename(new, path)
    disk.sync(path.parent)


def discard(disk: Disk, path: Path) -> None:
    """Removes a small file for good. Raises OSError."""
    move_folder(disk, path)
    if os.path.lexists(path):
        disk.remove(path)
    disk.sync(path.parent)


def move_folder(disk: Disk, path: Path) -> None:
    """Frees the name, if a damaged file system shows a folder there."""
    if path.is_dir() and not path.is_symlink():
        disk.rename(path, _unused(path))


def _unused(path: Path) -> Path:
    return unfinished(path.with_name(f"{path.name}.{secrets.token_hex(8)}"))
