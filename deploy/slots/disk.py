"""The few operations on the disk that an update is made of, each one system call or a row of equal ones.

They are methods so that a test can count them, and cut the power after any. None follows a link at its end.
What is not yet synced may be lost, in any part and any order.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Rights:
    """The mode of a file, and its owner if that is not root."""

    mode: int = 0o644
    owner: tuple[int, int] | None = None  # uid, gid


READABLE = Rights()


class Disk:
    """Every method raises OSError, which names the path."""

    def make_folder(self, path: Path, mode: int = 0o755) -> None:
        """Makes a folder that was not there."""
        path.mkdir(mode=0o700)
        path.chmod(mode)  # whatever the umask

    def write(self, path: Path, chunks: Iterable[bytes], rights: Rights = READABLE) -> None:
        """Writes a file that was not there."""
        try:
            with os.fdopen(os.open(path, _NEW, 0o600), "wb") as file:
                for chunk in chunks:
                    file.write(chunk)
                os.fchmod(file.fileno(), rights.mode)
                if rights.owner is not None:
                    os.fchown(file.fileno(), *rights.owner)
        except OSError as error:
            error.filename = error.filename or str(path)  # a write has only a number
            raise

    def link(self, path: Path, target: str) -> None:
        """Makes a symbolic link that was not there."""
        path.symlink_to(target)

    def give_second_name(self, path: Path, new: Path) -> None:
        """Makes a hard link: it needs no room, and has the owner of the file."""
        os.link(path, new, follow_symlinks=False)

    def rename(self, path: Path, new: Path) -> None:
        """Gives it another name; a file or link that has this name gives way, in one step."""
        path.rename(new)

    def remove(self, path: Path) -> None:
        """Removes a file or link."""
        path.unlink()

    def remove_folder(self, path: Path) -> None:
        """Removes an empty folder."""
        path.rmdir()

    def sync(self, path: Path) -> None:
        """Returns when a file's content, or the names in a folder, last."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def free(self, path: Path) -> int:
        """Returns how many bytes its file system still takes."""
        return shutil.disk_usage(path).free

    def sync_all(self, path: Path) -> None:
        """Returns when everything on the file system of `path` lasts: cheaper than thousands of files alone.

        syncfs(2), which reports errors of writing; sync(2) would not.
        """
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            if _libc.syncfs(descriptor) != 0:
                code = ctypes.get_errno() or errno.EIO
                raise OSError(code, os.strerror(code), str(path))
        finally:
            os.close(descriptor)
