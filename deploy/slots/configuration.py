"""The owner's configuration files, where a new version needs others: kept before a trial, put back after it.

They lie in a folder of root's. The file before has a second name there, which needs no room, so a full disk
hinders no way back; after a trial that ends well it stays, for the owner.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.slots import trees
from deploy.slots.disk import Disk, Rights
from deploy.slots.names import UNFINISHED, ConfigFile
from deploy.slots.places import Places
from deploy.slots.steps import KeepConfig, RestoreConfig, Trial, WriteConfig

log = logging.getLogger(__name__)


def carry_out(disk: Disk, places: Places, step: KeepConfig | WriteConfig | RestoreConfig) -> None:
    """Takes one of the three steps. Raises OSError."""
    match step:
        case KeepConfig(trial=trial):
            _keep(disk, places, trial)
        case WriteConfig(texts=texts):
            _write(disk, places, texts)
        case RestoreConfig(trial=trial):
            log.info("%s: again as before the trial", ", ".join(trial.config))
            _restore(disk, places, trial)


def _files(places: Places, trial: Trial) -> Iterator[tuple[Path, Path]]:
    """Yields each that the trial changes, and where the file before lies."""
    for name in trial.config:
        yield places.config / name, places.config / f"{name}.before-{trial.version}"


def _keep(disk: Disk, places: Places, trial: Trial) -> None:
    """Gives each a second name; what had it, of an earlier trial of this version, goes. Raises OSError."""
    for path, before in _files(places, trial):
        trees.discard(disk, before)
        disk.give_second_name(path, before)
    disk.sync(places.config)


def _write(disk: Disk, places: Places, texts: Mapping[ConfigFile, str]) -> None:
    """Writes each with the rights that it had. Raises OSError."""
    for name, text in texts.items():
        path = places.config / name
        seen = path.stat()
        rights = Rights(stat.S_IMODE(seen.st_mode), (seen.st_uid, seen.st_gid))
        trees.replace(disk, path, text, rights)


def _restore(disk: Disk, places: Places, trial: Trial) -> None:
    """Gives each file before its name back, and removes what is not whole. Raises OSError.

    One whose second name is gone has its own already.
    """
    for path, before in _files(places, trial):
        for part in sorted(places.config.glob(f"{path.name}.*{UNFINISHED}")):
            disk.remove(part)
        if os.path.lexists(before):
            disk.rename(before, path)
            disk.sync(places.config)
            trees.discard(disk, before)  # of two names of one file rename(2) leaves both
