"""`evse-bridge config migrate`: both files of an older version become files of this one."""

from __future__ import annotations

import difflib
import itertools
import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bridge import config_files, settings, version
from bridge.folders import MisuseError, unusable
from hal import durable
from hal.configuration.file import MOST_BYTES, ConfigError, Report
from hal.contract import WALLBOX_FILE

NOTHING = "both files are of this version: nothing was changed"


def texts(config_dir: Path, *, mock: bool) -> dict[str, str]:
    """Returns the new text of each file that must change, checked; a MOCK serial number counts as `mock`.

    Raises MisuseError with what only a person can mend, in either file.
    """
    mock = mock or _is_mock(config_dir / settings.FILE_NAME)
    answer = config_files.hal_configuration("migrate", str(config_dir / WALLBOX_FILE), mock=mock)
    wallbox = msgspec.json.decode(answer, type=Report)
    made, faults = {WALLBOX_FILE: wallbox.text}, list(wallbox.faults)
    try:
        made[settings.FILE_NAME] = settings.migrated(config_dir / settings.FILE_NAME, mock=mock) or ""
    except ConfigError as error:
        faults += error.faults
    if faults:
        raise MisuseError("\n".join((*map(str, faults), "nothing was changed: mend this first")))
    return {name: text for name, text in made.items() if text}


def migrate(config_dir: Path, *, mock: bool) -> Iterator[str]:
    """Writes them and keeps those before; yields what to say. Raises MisuseError, CommandError."""
    made = texts(config_dir, mock=mock)
    for name, text in made.items():
        path = config_dir / name
        try:
            yield from _difference(path, text)
            yield from _put(path, text)
        except OSError as error:
            raise unusable(error, "--config-dir") from None
    if not made:
        yield NOTHING


def _is_mock(path: Path) -> bool:
    try:
        plate = tomllib.loads(durable.read(path, MOST_BYTES).decode("utf-8-sig")).get("charge_point")
    except (OSError, ValueError, RecursionError):  # the check says what it is
        return False
    number = plate.get("serial_number") if isinstance(plate, dict) else None
    return isinstance(number, str) and number.startswith(settings.MOCK_PREFIX)


def _difference(path: Path, text: str) -> list[str]:
    """Shows the changed lines alone: a line beside them may hold a password."""
    old = durable.read(path, MOST_BYTES).decode().splitlines()
    return list(difflib.unified_diff(old, text.splitlines(), str(path), f"{path} (new)", lineterm="", n=0))


def _put(path: Path, text: str) -> Iterator[str]:
    """Writes it with the rights of the file before. A power cut leaves the old file or the new one.

    Raises OSError.
    """
    path = path.resolve()  # a link stays one
    seen, unfinished = path.stat(), path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchown(descriptor, seen.st_uid, seen.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(seen.st_mode))
            file.write(text.encode())
            file.flush()
            os.fsync(descriptor)
        kept = _kept(path)
        if not kept.exists():
            kept.hardlink_to(path)
        durable.put_in_place(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    yield f"{kept}: the file before"
    yield f"{path}: written"


def _kept(path: Path) -> Path:
    """Returns the first name for the file before under which nothing stands, or this very file."""
    first = f"{path.name}.before-{version.numbers()}"
    names = itertools.chain([first], (f"{first}-{number}" for number in itertools.count(2)))
    places = (path.with_name(name) for name in names)
    return next(place for place in places if not os.path.lexists(place) or place.samefile(path))
