"""The operations on the disk of which a restore consists: each is done and durable when it returns."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns a file, and its mode; None: whoever makes it."""

    user: int | None = None
    group: int | None = None
    mode: int = 0o600


OURS = Owner()
_ABOVE = Owner(mode=0o755)  # of folders above those that are asked for, whatever the umask is


class Disk:
    """Raises OSError. A file is never written over: it is made anew, and nobody else reads it first."""

    def make_folder(self, path: Path, owner: Owner) -> None:
        """Makes a folder, and those above it; one that exists stays as it is."""
        if path.is_dir():
            return
        self.make_folder(path.parent, _ABOVE)
        path.mkdir(mode=0o700)
        if owner.user is not None or owner.group is not None:
            os.chown(path, _or_same(owner.user), _or_same(owner.group))
        path.chmod(owner.mode)
        _sync_folder(path.parent)

    def write(self, path: Path, content: bytes, owner: Owner = OURS) -> None:
        """Writes a new file in place of whatever stands there; a link is replaced, not followed."""
        path.unlink(missing_ok=True)
        wanted = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, wanted, 0o600), "wb") as file:
            file.write(content)
            if owner.user is not None or owner.group is not None:
                os.fchown(file.fileno(), _or_same(owner.user), _or_same(owner.group))
            os.fchmod(file.fileno(), owner.mode)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)

    def rename(self, path: Path, target: Path) -> None:
        """Puts it in the place of the target."""
        path.replace(target)
        _sync_folder(target.parent)

    def remove(self, path: Path) -> None:
        """Removes a file, if it is there."""
        path.unlink(missing_ok=True)
        _sync_folder(path.parent)


def _or_same(number: int | None) -> int:
    return -1 if number is None else number


def _sync_folder(folder: Path) -> None:
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
