"""A disk as a power cut leaves it, rebuilt from the log that QEMU's blklogwrites wrote of it.

The format is that of Linux's dm-log-writes: a sector of its own for the superblock and before each entry.
"""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
_MAGIC = 0x6A736677736872
_SUPER = struct.Struct("<QQQI")  # magic, version, entries, sector size
_ENTRY = struct.Struct("<QQQQ")  # first sector, sectors, flags, length of a mark
_FLUSH, _DISCARD = 1, 4


class LogError(Exception):
    """This is no such log; the text says what was found."""


@dataclass(frozen=True, slots=True)
class Write:
    """`sectors` from `first` on; the content lies in the log at `offset`, or is zero when that is None."""

    first: int
    sectors: int
    offset: int | None


@dataclass(frozen=True, slots=True)
class Flush:
    """All writes before it are on the disk."""


Entry = Write | Flush


def entries(log: Path) -> list[Entry]:
    """Reads the log to its end, or to the entry that QEMU had not yet written when it was killed.

    The number in the superblock is only written from time to time, so it is not looked at. Raises LogError.
    """
    return list(_read(log))


def _read(log: Path) -> Iterator[Entry]:
    size = log.stat().st_size
    with log.open("rb") as file:
        magic, version, _, sector = _SUPER.unpack(file.read(_SUPER.size))
        if (magic, version, sector) != (_MAGIC, 1, SECTOR):
            raise LogError(
                f"{log}: {magic:#x} version {version}, sectors of {sector}: must be blklogwrites' of {SECTOR}"
            )
        at = SECTOR
        while at + SECTOR <= size:
            file.seek(at)
            first, sectors, flags, _ = _ENTRY.unpack(file.read(_ENTRY.size))
            at += SECTOR
            if not sectors and not flags:
                return
            if sectors:
                yield Write(first, sectors, None if flags & _DISCARD else at)
                at += 0 if flags & _DISCARD else sectors * SECTOR
            if flags & _FLUSH:
                yield Flush()


def survivors(log: Sequence[Entry], cut: int, draw: random.Random) -> list[Write]:
    """PURE: which of the first `cut` entries a power cut leaves: all before the last flush, and a drawn half
    of those after it, as a disk writes them in an order of its own."""
    flushed = max((at for at in range(cut) if isinstance(log[at], Flush)), default=-1)
    return [
        entry
        for at, entry in enumerate(log[:cut])
        if isinstance(entry, Write) and (at < flushed or draw.random() < 0.5)
    ]


def writes_on(disk: Path, log: Path, writes: Sequence[Write]) -> None:
    """Carries them out, in order."""
    with disk.open("r+b") as to, log.open("rb") as source:
        for write in writes:
            to.seek(write.first * SECTOR)
            if write.offset is None:
                to.write(bytes(write.sectors * SECTOR))
            else:
                source.seek(write.offset)
                to.write(source.read(write.sectors * SECTOR))


def copied(disk: Path, to: Path) -> Path:
    """A copy without its holes."""
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", disk, to], check=True)
    return to


def has_qemu() -> bool:
    return shutil.which("qemu-io") is not None
