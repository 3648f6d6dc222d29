"""The state files of `hal`, copied before a trial; its programs are stopped.

After the trial each stays as the new version left it, so that nothing is forgotten: a fault that only a
person may clear, the closings of the contactor. Put back is only what the version before could not read: it
would begin anew with a fault, or with another count of the meter.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from deploy.slots import kept
from deploy.slots.disk import Disk
from deploy.slots.places import Places
from hal.contract import STATE_FILE
from hal.instruments.meter import energy_file
from hal.safety.state import file as safety_file

log = logging.getLogger(__name__)


def _files(places: Places) -> Iterator[tuple[Path, Callable[[Path], bool]]]:
    """Yields each with what tells whether this version of the programs reads it."""
    yield places.safety / STATE_FILE, safety_file.readable
    for path in energy_file.both(places.instruments / energy_file.FILE_NAME):
        yield path, energy_file.readable


def copy(disk: Disk, places: Places, folder: Path) -> None:
    """Copies them into a folder that is there. Raises OSError."""
    for path, _ in _files(places):
        if path.parent.is_dir():  # else its program has never run
            kept.copy(disk, path, folder / path.name)


def restore(disk: Disk, places: Places) -> None:
    """Puts back what cannot be read; what could not be read before, too. Raises OSError."""
    for path, readable in _files(places):
        copied = places.copy / path.name
        if not path.parent.is_dir() or not copied.exists() or readable(path):
            continue
        log.warning("%s, as the version on trial left it, cannot be read: it is again as before", path)
        kept.set_out(disk, copied, path)
        disk.rename(kept.waiting(path), path)
        disk.sync(path.parent)
