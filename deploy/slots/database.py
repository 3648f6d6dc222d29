"""The bridge's database, copied before a trial and put back after it; its programs are stopped.

Its write-ahead log belongs to it: both or none are put back.
"""

from __future__ import annotations

from pathlib import Path

from deploy.slots import kept, trees
from deploy.slots.disk import Disk
from deploy.slots.names import DATABASE, SHARED_MEMORY
from deploy.slots.places import Places


def copy(disk: Disk, places: Places, folder: Path) -> None:
    """Copies it into a folder that is there. Raises OSError."""
    if places.bridge.is_dir():  # else the bridge has never run
        for name in DATABASE:
            kept.copy(disk, places.bridge / name, folder / name)


def restore(disk: Disk, places: Places) -> None:
    """Puts the copy in its place, without any room on the disk. Raises OSError.

    Until all of it is done nobody may open what is there: trial.json stands that long.
    """
    if not places.bridge.is_dir():
        return
    copied = [name for name in DATABASE if (places.copy / name).exists()]
    for name in copied:
        kept.set_out(disk, places.copy / name, places.bridge / name)
    for name in (*DATABASE[1:], SHARED_MEMORY, *DATABASE[:1]):
        trees.discard(disk, places.bridge / name)
    for name in copied:
        disk.rename(kept.waiting(places.bridge / name), places.bridge / name)
    disk.sync(places.bridge)
