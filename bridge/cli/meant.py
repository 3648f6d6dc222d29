"""Which store a command means: that of the bridge that listens, or a file that no bridge uses.

Both at once cannot be: SQLite's lock on the file is held by a bridge as long as it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bridge.cli.asking import NoBridgeError, identity
from bridge.compose import DATABASE_NAME
from bridge.folders import Folders, is_folder
from hal.contract import MOCK_STATE_FOLDER


@dataclass(frozen=True, slots=True)
class Meant:
    """The store of a box, and who has it."""

    database: Path
    of_bridge: bool  # it listens in the runtime folder; else nobody has the file
    mock: bool
    elsewhere: bool = False  # not in the state folder that is usual for the command
    trial: str = ""  # says in words that a new version is on trial; empty: none is


def meant(folders: Folders) -> Meant:
    """Takes the state folder that the command names; else that of the bridge that listens; else the usual.

    Raises CommandError when a bridge listens and cannot be asked.
    """
    usual = folders.state_of("bridge") / DATABASE_NAME
    try:
        bridge = identity(folders.runtime)
    except NoBridgeError:
        return _without_bridge(folders, usual)
    is_usual = bridge.database == str(usual.resolve())
    if folders.state_named and not is_usual:  # another wallbox's
        return _without_bridge(folders, usual)
    database = usual if is_usual else Path(bridge.database)
    return Meant(database, of_bridge=True, mock=bridge.mock, elsewhere=not is_usual, trial=bridge.trial)


def _without_bridge(folders: Folders, database: Path) -> Meant:
    """Takes it for a mock's where the simulated world keeps its own."""
    world = folders.state / MOCK_STATE_FOLDER
    return Meant(database, of_bridge=False, mock=folders.mock or is_folder(world))
