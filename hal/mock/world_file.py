"""The stored part of the simulated world: the meter's register and the car's ledger."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from hal import durable
from hal.mock.plant.plant import LedgerEntry, Snapshot

T = TypeVar("T")
log = logging.getLogger(__name__)
_MOST_BYTES = 64 * 2**20  # a ledger of some 300,000 plug-ins
_REGISTER, _LEDGER = "register.json", "ledger.json"


class _Register(msgspec.Struct, frozen=True):
    now_s: Annotated[float, msgspec.Meta(ge=0, le=1e12)]
    energy_wh: Annotated[float, msgspec.Meta(ge=0, le=1e12)]  # 1 TWh


def write(folder: Path, snapshot: Snapshot) -> None:
    """Leaves it on disk when it returns; each file is the old or the new one at any time. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    durable.write(folder / _LEDGER, msgspec.json.encode(snapshot.ledger))
    durable.write(folder / _REGISTER, msgspec.json.encode(_Register(snapshot.now_s, snapshot.energy_wh)))


def read(folder: Path) -> Snapshot | None:
    """Reads what `write` wrote last; None at the first start, and when it cannot be read: then it is set
    aside."""
    register = _read(folder / _REGISTER, _Register)
    ledger = _read(folder / _LEDGER, tuple[LedgerEntry, ...])
    if register is None or ledger is None:
        return None
    return Snapshot(register.now_s, register.energy_wh, ledger)


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(durable.read(path, _MOST_BYTES), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        durable.set_aside(path)
        log.error(
            "%s cannot be read and is set aside; the world begins with mock.meter_start_wh: %s", path, error
        )
        return None
