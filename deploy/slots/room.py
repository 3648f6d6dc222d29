"""Whether the card has room for what an update writes: a full one keeps no session."""

from __future__ import annotations

import os
from pathlib import Path

from deploy.slots.disk import Disk
from deploy.slots.refusal import RefusedError

ROOM = 64 * 2**20  # bytes that stay free: logs, and the database's copy
BLOCK = 4096  # bytes, of ext4


def check(disk: Disk, slots: Path, needed: int, what: str, spare: int = ROOM) -> None:
    """Raises RefusedError unless so many bytes fit, and `spare` more."""
    free = disk.free(slots)
    if free < needed + spare:
        raise RefusedError(
            f"the card is full: {what} needs {_mib(needed + spare)} MiB, {_mib(free)} MiB are free: "
            "`sudo apt clean` and `sudo journalctl --vacuum-size=50M` make room"
        )


def size_of(folder: Path) -> int:
    """Returns how many bytes a copy of it takes. Raises OSError."""
    total = BLOCK
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            total += size_of(Path(entry.path))
        else:
            total += -(-entry.stat(follow_symlinks=False).st_size // BLOCK) * BLOCK
    return total


def _mib(size: int) -> int:
    return -(-size // 2**20)
