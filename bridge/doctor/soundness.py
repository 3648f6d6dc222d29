"""The machine below the programs, looked at and judged."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from bridge import clock
from bridge.boot import files as boot
from bridge.boot.settings import wiring
from bridge.doctor import look, machine, pi
from bridge.doctor.check import Check
from bridge.doctor.wire import Heard
from bridge.folders import CommandError, Folders
from hal import durable
from hal.configuration.file import MOST_BYTES
from hal.contract import NO_WATCHDOG_LINE, WALLBOX_FILE


def soundness(folders: Folders, heard: Heard) -> Iterator[Check]:
    """Judges clock, supply, heat, storage; of a real box, whose machine is no laptop, board and hangs too."""
    mock, state_dir = folders.mock, folders.state
    yield machine.clock(datetime.now().astimezone(), synchronized=clock.synchronized())
    if heard.instruments is not None:
        yield machine.supply(heard.instruments)
    yield machine.chip(heard.temperatures)
    if not mock:
        yield from _hangs(heard)
        yield from _board(folders.config)
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


def _board(config_dir: Path, root: Path = Path("/")) -> Iterator[Check]:
    found = boot.seen(root)
    yield pi.board(found)
    if found.board is not None:
        wires = wiring(_sections(config_dir / WALLBOX_FILE))
        try:
            files = boot.BootFiles(root)
            texts = pi.BootTexts(files.text(boot.CONFIG), files.text(boot.CMDLINE), files.included())
        except CommandError as error:
            yield pi.CONFIG_TXT.not_checked(str(error), "Run the doctor with sudo; mount the boot partition.")
        else:
            yield from pi.boot_files(found, texts, wires)
        yield pi.devices(found, look.header_devices(root))
        yield pi.reboot(due=boot.reboot_is_due(root))
    yield pi.groups(*look.users(root))


def _sections(path: Path) -> dict[str, dict[str, object]]:
    """Reads the sections, as far as the file can be used: it is judged elsewhere."""
    try:
        table = tomllib.loads(durable.read(path, MOST_BYTES).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}
    return {name: section for name, section in table.items() if isinstance(section, dict)}


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
