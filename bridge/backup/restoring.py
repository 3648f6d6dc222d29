"""Puts files on a box so that a power cut at any moment leaves the box as it was, or all of it.

Each file is staged beside its place. Then the box is held: its bridge opens no store (`bridge.store.held`).
The journal is the moment at which the restore counts: without it `finish` takes back, with it `finish`
goes on. Each step can be done twice. The journal lies where only the owner of the state folder writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bridge.backup.content import SUFFIX_OF_STAGED
from bridge.backup.disk import OURS, Disk, Owner
from bridge.backup.errors import BackupError
from bridge.store import held as holding
from bridge.store.held import Held
from hal import durable

JOURNAL_NAME = "restore-journal.json"
_JOURNAL_MOST_BYTES = 1 << 20
_NEW = ".new"
_READABLE = Owner(mode=0o644)  # by the bridge's user


@dataclass(frozen=True, slots=True)
class Placed:
    """A file and its place. `sidecars`: what stands beside an old one and must not meet the new one."""

    target: Path
    content: bytes | None  # None: no such file
    owner: Owner = OURS
    sidecars: tuple[Path, ...] = ()


class _Step(msgspec.Struct, frozen=True):
    target: str
    is_staged: bool
    sidecars: tuple[str, ...]


class _Journal(msgspec.Struct, frozen=True):
    steps: tuple[_Step, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """Where the two notes of a restore lie: the journal, and what holds the box."""

    state: Path
    of_bridge: Path  # its state folder; the same as `state` without units
    swept: tuple[Path, ...]  # folders in which files may be staged

    @property
    def journal(self) -> Path:
        """Returns the place of the journal."""
        return self.state / JOURNAL_NAME

    @property
    def held(self) -> Path:
        """Returns the place of what holds the box."""
        return self.of_bridge / holding.FILE_NAME


def restore(disk: Disk, box: Box, placed: Sequence[Placed], why: str) -> None:
    """Places all of them. `why` is what the box says until it is done. Raises OSError, with the box as it
    was; after the journal is written, `finish` completes what the error has interrupted."""
    try:
        for each in placed:
            if each.content is not None:
                disk.write(_staged(each.target), each.content, each.owner)
        _hold(disk, box, Held(kind="restoring", why=why, before=holding.read(box.of_bridge)))
        steps = tuple(
            _Step(str(each.target), each.content is not None, tuple(map(str, each.sidecars)))
            for each in placed
        )
        _note(disk, box.journal, msgspec.json.encode(_Journal(steps)), OURS)
    except OSError:
        _take_back(disk, box)
        raise
    finish(disk, box)


def interrupted(box: Box) -> bool:
    """Says whether a restore was interrupted that `finish` can end without a person. What holds the box for a
    reason that nobody can read is not for a program to take away."""
    held = holding.read(box.of_bridge)
    return box.journal.exists() or (held is not None and held.kind == "restoring")


def finish(disk: Disk, box: Box) -> bool | None:
    """Ends a restore that was interrupted. True: all of it is there; False: nothing of it; None: there was
    none. Raises OSError, and is to be called again."""
    journal = _read(box.journal)
    held = holding.read(box.of_bridge)
    if journal is None:
        _take_back(disk, box)
        return False if held is not None and held.kind == "restoring" else None
    for step in journal.steps:
        _carry_out(disk, step)
    _hold(disk, box, Held(kind="restoring", why=held.why if held else "a restore has not ended"))
    disk.remove(box.journal)
    disk.remove(box.held)
    return True


def hold(disk: Disk, box: Box, held: Held) -> None:
    """Holds the box from now on: durable when this returns. Raises OSError."""
    _hold(disk, box, held)


def _take_back(disk: Disk, box: Box) -> None:
    """Removes what was staged, and holds the box by what held it before."""
    for folder in box.swept:
        for staged in sorted(folder.rglob(f"*{SUFFIX_OF_STAGED}")):
            if staged.is_symlink() or not staged.is_dir():  # nothing of ours is a folder
                disk.remove(staged)
    for note in (box.held, box.journal):
        disk.remove(_new(note))
    held = holding.read(box.of_bridge)
    if held is not None and held.kind == "restoring":
        if held.before is None:
            disk.remove(box.held)
        else:
            _hold(disk, box, held.before)


def _carry_out(disk: Disk, step: _Step) -> None:
    target = Path(step.target)
    if step.is_staged and not _staged(target).exists():
        return  # done before the cut
    for sidecar in step.sidecars:
        disk.remove(Path(sidecar))
    if step.is_staged:
        disk.rename(_staged(target), target)
    else:
        disk.remove(target)


def _hold(disk: Disk, box: Box, held: Held) -> None:
    _note(disk, box.held, holding.encoded(held), _READABLE)


def _note(disk: Disk, path: Path, content: bytes, owner: Owner) -> None:
    disk.write(_new(path), content, owner)
    disk.rename(_new(path), path)


def _new(note: Path) -> Path:
    return note.with_name(note.name + _NEW)


def _staged(target: Path) -> Path:
    return target.with_name(target.name + SUFFIX_OF_STAGED)


def _read(journal: Path) -> _Journal | None:
    try:
        return msgspec.json.decode(durable.read(journal, _JOURNAL_MOST_BYTES), type=_Journal)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise BackupError(f"{journal} cannot be read: {error}; restore the backup again") from None
