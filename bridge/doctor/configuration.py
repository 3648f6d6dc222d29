"""Judges the two configuration files: ours here, wallbox.toml through `hal.configuration` alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from bridge import settings
from bridge.config_files import hal_configuration
from bridge.doctor.check import Check, Subject
from bridge.folders import Folders
from hal.configuration.file import ConfigError, Fault, Report
from hal.contract import WALLBOX_FILE

WALLBOX = Subject("configuration.wallbox", WALLBOX_FILE)
CHARGE_POINT = Subject("configuration.charge_point", settings.FILE_NAME)


class Configuration:
    """Both files of a folder. `facts` and `setup` are there after `checks`, if the files are good."""

    def __init__(self, folders: Folders) -> None:
        self.facts: tuple[str, ...] = ()
        self.setup: settings.ChargePoint | None = None
        self._folders = folders

    @property
    def folder(self) -> Path:
        """Returns the folder of both files."""
        return self._folders.config

    def checks(self) -> Iterator[Check]:
        """Yields a line for each fault."""
        path = str(self._folders.config / WALLBOX_FILE)
        report = msgspec.json.decode(hal_configuration("check", path, mock=self._folders.mock), type=Report)
        self.facts = report.facts
        yield from self._faults(WALLBOX, report.faults)
        if not report.faults:
            yield WALLBOX.ok("; ".join(report.facts))
        try:
            self.setup = settings.load(self._folders.config / settings.FILE_NAME, mock=self._folders.mock)
        except ConfigError as error:
            yield from self._faults(CHARGE_POINT, error.faults)
        else:
            yield from _charge_point(self.setup)

    def _faults(self, subject: Subject, faults: Sequence[Fault]) -> Iterator[Check]:
        for fault in faults:
            do = f"Correct {fault.file}" + (f", line {fault.line}." if fault.line else ".")
            if "Permission denied" in fault.message:
                do = "Run the doctor with sudo."
            elif "config init" in fault.message:
                mock = " --mock" * self._folders.mock
                do = f"Write it with evse-bridge config init{mock}, or name its --config-dir."
            yield subject.fault(str(fault).removeprefix(f"{fault.file}:").strip(), do)


def _charge_point(setup: settings.ChargePoint) -> Iterator[Check]:
    measured = f"{setup.charge_point.id} at {setup.central_system.url}"
    warnings = settings.warnings(setup)
    for warning in warnings:
        what, _, do = warning.rpartition("; ")
        yield CHARGE_POINT.warning(what, f"{do[:1].upper()}{do[1:]}.")
    if not warnings:
        yield CHARGE_POINT.ok(measured)
