"""Carries out the steps of a plan on the disk, each so that it lasts before the next begins."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import assert_never

import msgspec

from deploy.slots import configuration, database, hal_state, trees
from deploy.slots.disk import Disk, Rights
from deploy.slots.names import TRIAL, UNFINISHED, WANTED
from deploy.slots.places import Places
from deploy.slots.steps import (
    Adopt,
    CopyState,
    EndTrial,
    Forget,
    KeepConfig,
    Mark,
    RecordTrial,
    Remove,
    RestoreConfig,
    RestoreState,
    Step,
    Switch,
    Trial,
    Unmark,
    Wanted,
    WriteConfig,
)

log = logging.getLogger(__name__)


class Carrier:
    """The steps on one box. `package` is the version of its application folder."""

    def __init__(self, places: Places, package: str, disk: Disk) -> None:
        self.places = places
        self.package = package
        self.disk = disk

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps other programs of ours away from the slots. Raises OSError."""
        self.places.slots.mkdir(mode=0o755, parents=True, exist_ok=True)
        folder = os.open(self.places.slots, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def carry_out(self, plan: tuple[Step, ...]) -> None:
        """Takes all steps in their order. Raises OSError, TreeError: the rest is for the next plan."""
        for step in plan:
            self._take(step)

    def _take(self, step: Step) -> None:
        disk, places = self.disk, self.places
        match step:
            case Adopt():
                self.bring(places.application, self.package)
            case Switch(version=version):
                self._switch(version)
            case CopyState(trial=trial):
                self._copy_state(trial)
            case RestoreState():
                self._restore_state()
            case KeepConfig() | WriteConfig() | RestoreConfig():
                configuration.carry_out(disk, places, step)
            case RecordTrial(trial=trial):
                trees.replace(disk, places.trial, _text(trial))
            case EndTrial() | Forget():
                trees.discard(disk, places.trial if isinstance(step, EndTrial) else places.slots / WANTED)
            case Mark(version=version):
                trees.replace(disk, places.mark, f"{version}\n")
            case Unmark():
                if places.runtime.is_dir():
                    trees.discard(disk, places.mark)
            case Remove(name=name):
                self._remove(places.slots / name)
            case never:
                assert_never(never)

    def bring(self, source: Path, version: str) -> None:
        """Makes a slot of a folder: whole, or nothing of it is left. What had its name gives way."""
        unfinished = trees.unfinished(self.places.slot(version))
        trees.remove(self.disk, unfinished)
        try:
            trees.copy(self.disk, source, unfinished)
        except (OSError, trees.TreeError):
            # Half of it would keep a full disk full, for the programs that run too.
            with suppress(OSError):
                trees.remove(self.disk, unfinished)
            raise
        self.finish(version)

    def finish(self, version: str) -> None:
        """Lets what was brought under its unfinished name be a slot; nothing runs from one of this name."""
        slot = self.places.slot(version)
        former = trees.unfinished(slot.with_name(f"{version}.former"))
        trees.remove(self.disk, former)
        if os.path.lexists(slot):
            self.disk.rename(slot, former)
        trees.finish(self.disk, slot)
        trees.remove(self.disk, former)

    def want(self, wanted: Wanted) -> None:
        """Notes what is wanted, until its trial begins."""
        trees.replace(self.disk, self.places.slots / WANTED, _text(wanted))

    def _switch(self, version: str) -> None:
        """Switches, in one atomic step."""
        link = self.places.current
        new = trees.unfinished(link)
        trees.remove(self.disk, new)
        self.disk.link(new, version)
        trees.move_folder(self.disk, link)
        self.disk.rename(new, link)
        self.disk.sync(self.places.slots)
        log.info("current is now %s", version)

    def _copy_state(self, trial: Trial) -> None:
        copy = self.places.copy
        unfinished = trees.unfinished(copy)
        trees.remove(self.disk, unfinished)
        self.disk.make_folder(unfinished, 0o700)
        database.copy(self.disk, self.places, unfinished)
        hal_state.copy(self.disk, self.places, unfinished)
        self.disk.write(unfinished / TRIAL, [_text(trial).encode()], Rights(0o600))
        trees.finish(self.disk, copy)

    def _restore_state(self) -> None:
        log.info("the database becomes what it was before the trial")
        database.restore(self.disk, self.places)
        hal_state.restore(self.disk, self.places)

    def _remove(self, path: Path) -> None:
        if path.name.endswith(UNFINISHED):
            trees.remove(self.disk, path)
        else:
            trees.remove_whole(self.disk, path)


def _text(noted: Trial | Wanted) -> str:
    return msgspec.json.encode(noted).decode() + "\n"
