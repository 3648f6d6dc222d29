"""Reads all that a backup holds from a box."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bridge import settings, version
from bridge.backup.content import Content, Origin, is_plain, named_files, read_toml
from bridge.backup.errors import BackupError
from bridge.backup.machine import this_machine
from bridge.backup.places import METER_FILE, Places
from bridge.folders import is_there, unusable
from bridge.store import theirs
from bridge.store.copying import copied, copy_beside
from bridge.store.errors import StoreError
from hal import durable
from hal.contract import STATE_FILE, WALLBOX_FILE

_MOST_BYTES = 1 << 20  # of a file of the configuration, or of a state; each has some thousand
_DATABASE_MOST_BYTES = 96 * 2**20  # 20,000 sessions have some 10 MiB
CopyOfStore = Callable[[], None]  # has the bridge make a whole copy beside its store; raises CommandError


def gathered(places: Places, copy: CopyOfStore | None, *, move: str = "") -> Content:
    """Reads a box. `copy`: None where no bridge has the store. Raises CommandError: a file is missing, cannot
    be read, or is too long."""
    configuration = {name: _read(places.config / name) for name in (WALLBOX_FILE, settings.FILE_NAME)}
    charge_point = configuration[settings.FILE_NAME]
    outside = {}
    for name in named_files(charge_point):
        file = _read(places.config / name)
        if is_plain(name):
            configuration[name] = file
        else:
            outside[str(places.config / name)] = file
    return Content(
        origin=_origin(charge_point, move),
        configuration=configuration,
        outside=outside,
        database=_database(places, copy),
        safety_state=_read_if_there(places.of_safety / STATE_FILE),
        meter=_read_if_there(places.of_instruments / METER_FILE),
    )


def _origin(charge_point: bytes, move: str) -> Origin:
    sections = read_toml(charge_point)
    if sections is None:
        raise BackupError(f"{settings.FILE_NAME} is no TOML: `evse-bridge config check` shows where")
    nameplate = sections.get("charge_point")
    names = nameplate if isinstance(nameplate, dict) else {}
    here = this_machine()
    return Origin(
        charge_point_id=str(names.get("id", "")),
        mock=str(names.get("serial_number", "")).startswith(settings.MOCK_PREFIX),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        program=version.full(),
        machine_id=here.id,
        machine_serial=here.serial,
        move=move,
    )


def _database(places: Places, copy: CopyOfStore | None) -> bytes | None:
    if copy is not None:
        made = copy_beside(places.database)
        copy()
        try:
            return _theirs(made, _DATABASE_MOST_BYTES)
        finally:
            with contextlib.suppress(OSError):
                theirs.remove(made)
    if not is_there(places.database):
        return None  # the bridge has never run here
    with tempfile.TemporaryDirectory(prefix="backup-", dir=places.state) as folder:
        try:
            alone = theirs.copy_of_store(places.database, Path(folder))
            return _read(copied(alone, Path(folder)), _DATABASE_MOST_BYTES)
        except OSError as error:
            raise unusable(error, "--state-dir") from None
        except StoreError as error:
            raise BackupError(str(error).replace(folder, str(places.database.parent))) from None


def _read_if_there(path: Path) -> bytes | None:
    """Reads a file of a program's own folder."""
    try:
        return _theirs(path, _MOST_BYTES) if os.path.lexists(path) else None
    except PermissionError as error:
        raise unusable(error, "--state-dir") from None


def _theirs(path: Path, most_bytes: int) -> bytes:
    try:
        return theirs.read(path, most_bytes)
    except OSError as error:
        raise unusable(error, "--state-dir") from None


def _read(path: Path, most_bytes: int = _MOST_BYTES) -> bytes:
    try:
        return durable.read(path, most_bytes)
    except OSError as error:
        raise unusable(error, "--config-dir or --state-dir") from None
