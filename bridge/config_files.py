"""`evse-bridge config`: the two files written and checked. wallbox.toml only through `hal.configuration`."""

from __future__ import annotations

import grp
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec

from bridge import settings
from bridge.folders import CommandError, MisuseError, unusable
from bridge.local import settings as owner_settings
from bridge.trust import ca_file_fault
from hal import durable
from hal.configuration.file import Broken, ConfigError, Report
from hal.contract import WALLBOX_FILE

BRIDGE_GROUP = "evse-bridge"  # as systemd/tmpfiles.d/evse-bridge.conf has it


def init(config_dir: Path, *, mock: bool) -> list[str]:
    """Writes what is missing, never over a file; returns what to tell. Raises CommandError."""
    texts = {
        WALLBOX_FILE: hal_configuration("init", mock=mock),
        settings.FILE_NAME: settings.new_file(mock=mock),
    }
    try:
        config_dir.mkdir(parents=True, exist_ok=True)
        private = settings.FILE_NAME
        return [_written(config_dir / name, text, private=name == private) for name, text in texts.items()]
    except OSError as error:
        raise unusable(error, "--config-dir") from None


def _written(path: Path, text: str, *, private: bool) -> str:
    """`private`: it is to hold a password. Nobody but its owner ever reads it, and the bridge's group."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
    except FileExistsError:
        return f"{path}: exists already and stays as it is"
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            if private and (group := _group_of_the_bridge()) is not None:
                os.fchown(file.fileno(), -1, group)
                os.fchmod(file.fileno(), 0o640)
    except OSError as error:  # the disk is full: half a file would stay as it is for ever
        path.unlink(missing_ok=True)
        raise CommandError(f"{path}: {error.strerror}; free space on its disk") from None
    return f"{path}: written"


def put(path: Path, text: str, *, private: bool) -> list[str]:
    """Writes a file in place of another, which stays beside it; returns what to tell. A power cut leaves the
    old file or the new one. Raises CommandError."""
    unfinished = path.with_name(f"{path.name}.new")
    said = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        _written(unfinished, text, private=private)
        if path.exists():
            kept = _unused(path)
            kept.hardlink_to(path)
            said.append(f"{kept}: the file before")
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        durable.put_in_place(unfinished, path)
    except OSError as error:
        raise unusable(error, "--config-dir") from None
    return [*said, f"{path}: written"]


def _unused(path: Path) -> Path:
    """Returns the first name for what was before under which nothing stands."""
    names = (path.with_name(f"{path.name}.before-{number}") for number in itertools.count(1))
    return next(name for name in names if not os.path.lexists(name))


def _group_of_the_bridge() -> int | None:
    """Returns the group under which its unit reads the file; None: there is none, or we cannot give it."""
    try:
        return grp.getgrnam(BRIDGE_GROUP).gr_gid if os.geteuid() == 0 else None
    except KeyError:
        return None


def check(config_dir: Path, *, mock: bool, owner: bool = False) -> tuple[str, ...]:
    """Returns facts and warnings of two usable files. Raises MisuseError with every fault of both.

    `owner`: of owner.toml too, which ends no program but its own.
    """
    answer = hal_configuration("check", str(config_dir / WALLBOX_FILE), mock=mock)
    report = msgspec.json.decode(answer, type=Report)
    faults, lines = list(report.faults), [f"{WALLBOX_FILE}: {fact}" for fact in report.facts]
    try:
        rules = (partial(_files, folder=config_dir),)
        charge_point = settings.load(config_dir / settings.FILE_NAME, mock=mock, rules=rules)
    except ConfigError as error:
        faults += error.faults
    else:
        lines.append(
            f"{settings.FILE_NAME}: {charge_point.charge_point.id} at {charge_point.central_system.url}"
        )
        lines += [f"{settings.FILE_NAME}: warning: {warning}" for warning in settings.warnings(charge_point)]
    if owner:
        try:
            owner_settings.load(config_dir / owner_settings.FILE_NAME)
        except ConfigError as error:
            faults += error.faults
    if faults:
        raise MisuseError("\n".join(str(fault) for fault in faults))
    return tuple(lines)


def _files(read: settings.ChargePoint, folder: Path) -> Iterator[Broken]:
    """Checks files that charge-point.toml names. The bridge starts without them and says what it lacks."""
    if read.central_system.ca_file and (fault := ca_file_fault(folder / read.central_system.ca_file)):
        yield Broken(("central_system.ca_file",), f"{fault}; give a PEM file, or leave it out")


def hal_configuration(*arguments: str, mock: bool, said: str = "") -> str:
    """Reads what hal.configuration prints; it hears `said`. Raises CommandError when it breaks."""
    command = [sys.executable, "-I", "-m", "hal.configuration", *arguments, *["--mock"] * mock]
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 2) or not done.stdout:
        raise CommandError(f"hal.configuration failed with {done.returncode}: {done.stderr.strip()[-200:]}")
    return done.stdout
