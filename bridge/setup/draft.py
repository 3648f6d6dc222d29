"""The values of both configuration files before they are written, and what is wrong with them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from bridge import config_files, settings
from bridge.config_files import hal_configuration
from bridge.folders import MisuseError
from hal import durable
from hal.configuration.file import MOST_BYTES, Fault, Report, loaded
from hal.configuration.rewrite import Table, flat, merged
from hal.contract import WALLBOX_FILE

WALLBOX, CHARGE_POINT = "wallbox", "charge-point"  # what a key begins with
FILES = {WALLBOX: WALLBOX_FILE, CHARGE_POINT: settings.FILE_NAME}
NONE = "none"  # of a part that this box has not
PARTS = ("proximity", "lock", "rcm", "stop", "house", "dimming", "reader", "temperature", "lamp")
_OF_A_SOCKET = ("lock", "proximity")


@dataclass(frozen=True, slots=True)
class Draft:
    """Both files as tables. Each change makes a new draft."""

    tables: Mapping[str, Table]
    mock: bool

    def value(self, key: str) -> Any:
        """Returns a value by its dotted key, as wallbox.meter.port; None: it is not set."""
        name, *path = key.split(".")
        found: Any = self.tables[name]
        for part in path:
            found = found.get(part) if isinstance(found, Mapping) else None
        return found

    def given(self, key: str, value: Any) -> Draft:
        """Returns the draft with that value; None takes it away."""
        name, *path = key.split(".")
        nested: Any = value
        for part in reversed(path):
            nested = {part: nested}
        return self.over({name: nested})

    def over(self, answers: Mapping[str, Table]) -> Draft:
        """Returns the draft with all that was answered. A part that is "none" goes."""
        tables = dict(self.tables)
        for name, table in answers.items():
            parts = {one: None if one in PARTS and table[one] == NONE else table[one] for one in table}
            tables[name] = merged(tables[name], parts)
            if name == WALLBOX:
                tables[name] = _fitting(tables[name], table, self._new_wallbox)
        return replace(self, tables=tables)

    def _new_wallbox(self) -> Table:
        return tomllib.loads(hal_configuration("init", mock=self.mock))

    def report(self, name: str) -> Report:
        """Returns the text of that file, or every fault of its values."""
        if name == WALLBOX:
            said = json.dumps(self.tables[name], default=str)
            return msgspec.json.decode(hal_configuration("write", mock=self.mock, said=said), type=Report)
        made = settings.rewritten(self.tables[name], mock=self.mock)
        return Report(text=made) if isinstance(made, str) else Report(faults=tuple(made))

    def faults_of(self, key: str) -> list[Fault]:
        """Returns the faults of that value alone."""
        name, _, path = key.partition(".")
        return [fault for fault in self.report(name).faults if _about(fault.key, path)]

    def differs_from(self, other: Draft, name: str) -> bool:
        """Says whether that file would be another."""
        return flat(self.tables[name]) != flat(other.tables[name])


def new(*, mock: bool) -> Draft:
    """Returns the files of a new box."""
    texts = {WALLBOX: hal_configuration("init", mock=mock), CHARGE_POINT: settings.new_file(mock=mock)}
    return Draft({name: tomllib.loads(text) for name, text in texts.items()}, mock)


def of_folder(config_dir: Path, *, mock: bool) -> tuple[Draft, frozenset[str]]:
    """Returns the files of that folder, new ones for those that are missing, and which are there.

    Raises MisuseError for a file that is no TOML: nobody knows what it would lose.
    """
    there = {name: _table(config_dir / file) for name, file in FILES.items()}
    tables = {name: there[name] or table for name, table in new(mock=mock).tables.items()}
    return Draft(tables, mock), frozenset(name for name, table in there.items() if table is not None)


def write(draft: Draft, config_dir: Path, names: list[str]) -> list[str]:
    """Writes these files and keeps those before; returns what to say. Raises CommandError, MisuseError."""
    reports = {name: draft.report(name) for name in names}
    if faults := [str(fault) for report in reports.values() for fault in report.faults]:
        raise MisuseError("\n".join(faults))
    said = []
    for name, report in reports.items():
        path = config_dir / FILES[name]
        said += config_files.put(path, report.text, private=name == CHARGE_POINT)
    return said


def _table(path: Path) -> dict[str, Any] | None:
    try:
        return loaded(durable.read(path, MOST_BYTES).decode("utf-8-sig"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MisuseError(f"{path}: {error.strerror}; use sudo") from None
    except (ValueError, RecursionError) as error:
        do = "correct it (evse-bridge config check), or move it away: setup then writes a new one"
        raise MisuseError(f"{path} is not TOML: {error}; {do}") from None


def _about(fault: str, path: str) -> bool:
    return fault == path or fault.startswith(f"{path}.") or path.startswith(f"{fault}.")


def _fitting(table: Table, answered: Table, new: Any) -> Table:
    """Gives a socket lock and proximity, and takes them from a fixed cable, unless the answers name them."""
    kind = table.get("cable", {}).get("kind") if isinstance(table.get("cable"), Mapping) else None
    whole = dict(table)
    if kind == "fixed":
        for part in _OF_A_SOCKET:
            if part not in answered:
                whole.pop(part, None)
    elif kind == "socket" and "cable" in answered:
        cable = {key: value for key, value in whole["cable"].items() if key != "rating_a"}
        if "rating_a" not in answered["cable"]:
            whole["cable"] = cable
        if missing := [part for part in _OF_A_SOCKET if part not in whole and part not in answered]:
            usual = new()
            whole |= {part: usual.get(part, {}) for part in missing}
    return whole
