"""The machine below the programs, looked at and judged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from bridge import clock
from bridge.doctor import look, machine
from bridge.doctor.check import Check
from bridge.doctor.wire import Heard
from hal.contract import NO_WATCHDOG_LINE


def soundness(state_dir: Path, heard: Heard, *, mock: bool) -> Iterator[Check]:
    """Judges clock, supply, heat, hangs (of a real box: a mock's machine is somebody's laptop), storage."""
    yield machine.clock(datetime.now().astimezone(), synchronized=clock.synchronized())
    if heard.instruments is not None:
        yield machine.supply(heard.instruments)
    yield machine.chip(heard.temperatures)
    if not mock:
        yield from _hangs(heard)
    try:
        yield machine.wear(look.storage(state_dir))
        yield machine.free_space(*look.free_space(state_dir))
    except FileNotFoundError:
        yield machine.absent(str(state_dir))
        return
    except OSError as error:
        yield machine.state_folder(str(state_dir), None, error.strerror or str(error))
        return
    yield _state(state_dir)


def _hangs(heard: Heard) -> Iterator[Check]:
    line = heard.status is not None and NO_WATCHDOG_LINE not in heard.status.notes
    yield machine.watchdog(look.watchdogs(), line=line)
    seen = look.panic()
    if seen is None:
        yield machine.PANIC.not_checked("this machine reports none")
    else:
        yield machine.panic(seen[0], oops_panics=seen[1])


def _state(state_dir: Path) -> Check:
    """Judges the slowest of its folders, or the first that cannot be written."""
    slowest = machine.STATE.not_checked("no folder")
    slowest_s = -1.0
    for folder in look.state_folders(state_dir):
        try:
            took_s = look.synced_s(folder)
        except PermissionError as error:
            return machine.unwritable(str(folder), error)
        except OSError as error:
            return machine.state_folder(str(folder), None, error.strerror or str(error))
        if took_s > slowest_s:
            slowest, slowest_s = machine.state_folder(str(folder), took_s, ""), took_s
    return slowest
