"""What is on the disk, read whatever a damaged card has made of it."""

from __future__ import annotations

import os
import re
from importlib.metadata import distributions
from pathlib import Path
from typing import TypeVar

import msgspec

from bridge import version
from deploy.slots.names import TRIAL, UNFINISHED, WANTED
from deploy.slots.places import Places
from deploy.slots.steps import Seen, Trial, Wanted
from hal import durable

VERSION = re.compile(r"\d{1,9}(\.\d{1,9}){3}")
FILE_LIMIT = 4096  # bytes of a file of ours
UNKNOWN = "0.0.0.0"  # older than any
PYTHON = "bin/python"  # of a virtual environment, by which the units start it
Noted = TypeVar("Noted", Trial, Wanted)


def look(places: Places) -> Seen:
    """Returns what is there. Raises OSError where the folder itself cannot be read."""
    names = sorted(each.name for each in places.slots.iterdir()) if places.slots.is_dir() else []
    trial_file = os.path.lexists(places.trial)
    trial = noted(places.trial, Trial)
    if trial is None and trial_file:  # damaged, so its second writing
        trial = noted(places.copy / TRIAL, Trial)
    return Seen(
        slots=frozenset(name for name in names if is_slot(places.slots / name)),
        link=_link(places.current),
        trial=trial,
        trial_file=trial_file,
        copied=places.copy.is_dir() and not places.copy.is_symlink(),  # whole, or it has not this name
        wanted=noted(places.slots / WANTED, Wanted),
        leftovers=tuple(name for name in names if name.endswith(UNFINISHED)),
    )


def packaged(application: Path) -> str:
    """Returns the version of what the package brought; UNKNOWN while dpkg is in the middle of it."""
    folders = [str(path) for path in sorted(application.glob("lib/python3*/site-packages"))]
    found = [each.version for each in distributions(name="evse-bridge", path=folders)]
    return version.numbers(found[0]) if len(found) == 1 and found[0] else UNKNOWN


def is_slot(path: Path) -> bool:
    """Says whether it is a version that the units could start; half a one never has such a name."""
    if VERSION.fullmatch(path.name) is None or path.is_symlink():
        return False
    return path.is_dir() and os.path.lexists(path / PYTHON)


def noted(path: Path, kind: type[Noted]) -> Noted | None:
    """Reads a file of ours; None for what is none."""
    try:
        found: Noted = msgspec.json.decode(durable.read(path, FILE_LIMIT), type=kind)
    except (OSError, ValueError, RecursionError):
        return None
    return found if all(VERSION.fullmatch(each) for each in found.versions) else None


def _link(path: Path) -> str | None:
    try:
        return str(path.readlink())
    except OSError:
        return None
