"""The stored part of the simulated world: the meter's register and the car's ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from hal import durable
from hal.mock.plant.plant import LedgerEntry, Snapshot

FOLDER = "mock"  # in the state folder
T = TypeVar("T")
_REGISTER, _LEDGER = "register.json", "ledger.json"


class _Register(msgspec.Struct, frozen=True):
    now_s: float
    energy_wh: float


class WorldFileError(Exception):
    """A file cannot be read; the text names it and what to do."""


def write(folder: Path, snapshot: Snapshot) -> None:
    """Leaves it on disk when it returns; each file is the old or the new one at any time. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    durable.write(folder / _LEDGER, msgspec.json.encode(snapshot.ledger))
    durable.write(folder / _REGISTER, msgspec.json.encode(_Register(snapshot.now_s, snapshot.energy_wh)))


def read(folder: Path) -> Snapshot | None:
    """Reads what `write` wrote last; None at the first start. Raises WorldFileError."""
    try:
        register = _read(folder / _REGISTER, _Register)
        ledger = _read(folder / _LEDGER, tuple[LedgerEntry, ...])
    except FileNotFoundError:
        return None
    return Snapshot(register.now_s, register.energy_wh, ledger)


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except msgspec.DecodeError as error:
        raise WorldFileError(f"{path}: {error}; remove the file to begin with mock.meter_start_wh") from None
